// The sandbox's page in a real browser, beside the fleet that `realserv demo --keep` leaves running: its vendor and its
// buyer do the things a person would do there. Screenshots are left in SHOTS for somebody to look at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";

const GATEWAY = process.env.GATEWAY ?? "http://127.0.0.1:8080";
const SANDBOX = process.env.SANDBOX ?? "http://127.0.0.1:9400";
const SHOTS = process.env.SHOTS ?? ".";
const BUYER = "+919848054321";
const VENDOR = "+919848012345";
const PATIENCE = 20_000;

async function api(method, path, token, body, headers = {}) {
  const answer = await fetch(`${GATEWAY}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text).data : undefined;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = await (await browser.newContext({ viewport: { width: 1200, height: 800 } })).newPage();
page.setDefaultTimeout(PATIENCE);
const complaints = [];
page.on("pageerror", (error) => complaints.push(error.message));
await page.goto(SANDBOX);
const shot = (name) => page.screenshot({ path: `${SHOTS}/${name}.png` });

async function phone(number) {
  await page.getByRole("tab", { name: "Phones" }).click();
  await page.locator("#number").fill(number.slice(3));
  await page.locator("#dial button").click();
  await page.getByRole("heading", { name: `WhatsApp of ${number}` }).waitFor();
}

/** Signs in by the code that the phone shows on the page. */
async function signIn(number) {
  await phone(number);
  const seen = await page.locator("#sms li").count();
  const { session_info } = await api("POST", "/auth/send-otp", undefined, { phone: number });
  await page.waitForFunction((seen) => document.querySelectorAll("#sms li").length > seen, seen);
  const code = (await page.locator("#sms li").last().innerText()).match(/\d{6}/)[0];
  return (await api("POST", "/auth/verify-phone", undefined, { session_info, code })).id_token;
}

let buyer, order;

test("the buyer reads the sign-in code in the phone's SMS", async () => {
  buyer = await signIn(BUYER);
  await shot("sms");
});

test("the buyer pays at the checkout", async () => {
  const me = await api("GET", "/auth/me", buyer);
  const buyerId = me.buyer?.id ?? me.buyer_id ?? me.user?.buyer_id;
  const [address] = await api("GET", `/buyers/${buyerId}/addresses`, buyer);
  const orders = await api("GET", `/orders/buyer/${buyerId}`, buyer);
  const before = await api("GET", `/orders/${orders.at(-1).id}`, buyer);
  const line = before.items.find((item) => item.item_type === "material");
  order = await api("POST", "/orders", buyer, {
    vendor_id: before.vendor_id, delivery_address_id: address.id, payment_method: "online",
    items: [{ item_type: "material", item_id: line.item_id, quantity: line.quantity }],
  }, { "idempotency-key": `browser-${Date.now()}` });
  await page.getByRole("tab", { name: "Checkout" }).click();
  const bill = page.locator("#bills li", { hasText: order.payment.gateway.razorpay_order_id });
  await bill.waitFor();
  await shot("checkout");
  await bill.getByRole("button", { name: "Pay", exact: true }).click();
  await page.locator("#note", { hasText: "paid: pay_" }).waitFor();
  await bill.locator("p", { hasText: "captured" }).waitFor();
});

test("the vendor confirms the order by pressing its button", async () => {
  await phone(VENDOR);
  const asked = page.locator("#chat li", { hasText: order.order_number }).last();
  await asked.waitFor();
  // The first word opens Meta's 24 hours again; then the order is offered with its buttons.
  await page.locator("#text").fill(`Status ${order.order_number}`);
  await page.keyboard.press("Enter");
  const confirm = page.locator("#chat li", { hasText: order.order_number }).getByRole("button", { name: /confirm/i }).last();
  await confirm.waitFor();
  await shot("chat");
  await confirm.click();
  const status = async () => (await api("GET", `/orders/${order.id}`, buyer)).status;
  for (const until = Date.now() + PATIENCE; (await status()) !== "confirmed" && Date.now() < until;) {
    await page.waitForTimeout(200);
  }
  assert.equal(await status(), "confirmed");
});

test("the buyer sees the delivery code by SMS and the vendor types it", async () => {
  await page.locator("#text").fill(`Out for delivery ${order.order_number}`);
  await page.keyboard.press("Enter");
  await phone(BUYER);
  const sms = page.locator("#sms li", { hasText: order.order_number }).last();
  await sms.waitFor();
  assert.match(await sms.innerText(), /\b\d{6}\b/);
  await shot("delivery-code");
});

test("a mail is shown as its reader sees it", async () => {
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Mail" }).click();
  await page.locator("#letters button").first().click();
  await page.locator("#letter").waitFor();
  await shot("mail");
});

test("a fault is switched on and cleared", async () => {
  await page.getByRole("tab", { name: "Faults" }).click();
  await page.locator("#system").selectOption("maps");
  await page.locator("#kind").selectOption("status");
  await page.locator("#value").fill("503");
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.locator("#active li", { hasText: "maps" }).waitFor();
  await shot("faults");
  await page.getByRole("button", { name: "Clear all faults" }).click();
  await page.locator("#no-faults").waitFor();
});

test("keys alone lead through the page", async () => {
  await page.getByRole("tab", { name: "Faults" }).focus();
  await page.keyboard.press("1");
  assert.equal(await page.getByRole("tab", { name: "Phones" }).getAttribute("aria-selected"), "true");
  await page.locator("#people button").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
});

test("it fits a phone's width", async () => {
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 390, height: 800 });
  for (const name of ["Phones", "Mail", "Checkout", "Faults"]) {
    await page.getByRole("tab", { name }).click();
    await page.waitForTimeout(300);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `${name} is ${wider} px too wide`);
    await shot(`narrow-${name.toLowerCase()}`);
  }
});

test("nothing went wrong in the page", async () => {
  assert.deepEqual(complaints, []);
  await browser.close();
});
