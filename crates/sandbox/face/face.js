// The sandbox as people see it. Everything here goes through /_sandbox, as any test would.
const $ = (id) => document.getElementById(id);
const TABS = ["phones", "mail", "checkout", "faults"];
const POLL_MS = 1000;
const state = { tab: "phones", phone: null, device: null, letter: null, seen: {} };

async function ask(path, options = {}) {
  const answer = await fetch(`/_sandbox${path}`, options);
  const text = await answer.text();
  const body = text ? JSON.parse(text) : {};
  if (!answer.ok) {
    const error = body.error ?? body;
    throw new Error(typeof error === "string" ? error : error.description ?? `status ${answer.status}`);
  }
  return body;
}
const read = async (path) => (await ask(path)).data;
const send = (path, body, method = "POST") =>
  ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });

function say(text, bad = false) {
  $("note").textContent = text;
  $("note").classList.toggle("bad", bad);
}

/** Does something somebody asked for, says how it went, and looks again. */
async function act(work, done) {
  try {
    const result = await work();
    if (done) say(typeof done === "function" ? done(result) : done);
  } catch (error) {
    say(error.message, true);
  }
  await look();
}

/** An element with text; never markup, whatever somebody typed. */
function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  return element;
}

/** Redraws a list only when it changed, so that focus and scroll stay where they are. */
function draw(id, items, one, toEnd = false) {
  const key = JSON.stringify(items);
  if (state.seen[id] === key) return;
  state.seen[id] = key;
  const list = $(id);
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  list.replaceChildren(...items.map(one));
  if (focused !== undefined) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  if (toEnd) list.scrollTop = list.scrollHeight;
}

const time = (at) => new Date(at).toLocaleTimeString("en-IN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Kolkata" });
const rupees = (paise) => new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR" }).format(paise / 100);

function row(key, title, detail, current, onclick) {
  const item = make("li");
  const button = make("button", title, { "data-key": key, "aria-current": current ? "true" : undefined, onclick });
  button.append(make("small", detail));
  item.append(button);
  return item;
}

// ---- phones ----
function open(kind, key) {
  state.phone = kind === "phone" ? key : null;
  state.device = kind === "device" ? key : null;
  for (const list of ["chat", "sms", "push", "people", "devices"]) delete state.seen[list];
  location.hash = `${state.tab}/${kind}/${encodeURIComponent(key)}`;
  look();
}

async function lookAtPhones() {
  const { phones, devices } = await read("/people");
  draw("people", phones.map((one) => ({ ...one, current: one.phone === state.phone })), (one) =>
    row(one.phone, one.phone, one.last ?? "", one.current, () => open("phone", one.phone)));
  draw("devices", devices.map((one) => ({ ...one, current: one.token === state.device })), (one) =>
    row(one.token, one.token, `${one.count} push: ${one.last ?? ""}`, one.current, () => open("device", one.token)));
  $("phone").hidden = !state.phone;
  $("device").hidden = !state.device;
  $("nobody").hidden = Boolean(state.phone || state.device);
  if (state.phone) {
    const [chat, sms] = await Promise.all([
      read(`/phones/${encodeURIComponent(state.phone)}/whatsapp`), read(`/phones/${encodeURIComponent(state.phone)}/sms`)]);
    $("chat-title").textContent = `WhatsApp of ${state.phone}`;
    draw("chat", chat.map(({ id, direction, type, text, buttons, at, status, message }) =>
      ({ id, direction, type, text, at, status, taps: buttons.length ? buttons : quickReplies(message) })), bubble, true);
    draw("sms", sms, (one) => said(one.body, `${time(one.at)} · ${one.provider}`), true);
  }
  if (state.device) {
    $("device-title").textContent = `Push on ${state.device}`;
    const got = await read(`/devices/${encodeURIComponent(state.device)}/push`);
    draw("push", got, (one) => said(
      [one.notification?.title, one.notification?.body].filter(Boolean).join("\n") || JSON.stringify(one.data ?? {}),
      time(one.received_at)), true);
  }
}

function said(text, detail) {
  const item = make("li", text);
  item.append(make("small", detail));
  return item;
}

/** A template's quick replies: Meta keeps their titles, so the payload stands for them here. */
function quickReplies(message) {
  return (message?.template?.components ?? [])
    .filter((component) => component.type === "button" && component.sub_type === "quick_reply")
    .flatMap((component) => component.parameters ?? [])
    .filter((parameter) => parameter.type === "payload")
    .map((parameter) => ({ id: parameter.payload, title: parameter.payload }));
}

function bubble(one) {
  const text = one.text || { image: "(a picture)", document: "(a document)", location: "(a place)" }[one.type] || `(${one.type})`;
  const item = said(text, [time(one.at), one.status].filter(Boolean).join(" · "));
  if (one.direction === "inbound") item.classList.add("mine");
  if (one.taps.length) {
    const taps = make("div", null, { class: "taps" });
    for (const tap of one.taps) {
      taps.append(make("button", tap.title, {
        "data-key": `${one.id}/${tap.id}`,
        onclick: () => act(() => send(chatPath(), { button: { id: tap.id, title: tap.title } })),
      }));
    }
    item.append(taps);
  }
  return item;
}

const chatPath = () => `/phones/${encodeURIComponent(state.phone)}/whatsapp`;

$("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  const digits = $("number").value.replace(/\D/g, "");
  open("phone", digits.length === 10 ? `+91${digits}` : `+${digits}`);
  $("number").value = "";
  $("text").focus();
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  act(() => send(chatPath(), { text }));
});

$("file").addEventListener("change", async () => {
  const file = $("file").files[0];
  if (!file) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  const caption = $("text").value.trim() || undefined;
  const kind = file.type === "application/pdf" ? "document" : "image";
  const body = { base64: btoa(binary), mime: file.type, caption, ...(kind === "document" ? { filename: file.name } : {}) };
  $("text").value = "";
  $("file").value = "";
  act(() => send(chatPath(), { [kind]: body }), `${file.name} sent`);
});

// ---- mail ----
async function lookAtMail() {
  const mails = await read("/mail");
  draw("letters", mails.map((one) => ({ id: one.id, to: one.to, subject: one.subject, current: one.id === state.letter })), (one) =>
    row(one.id, one.subject, one.to.join(", "), one.current, () => { state.letter = one.id; look(); }));
  $("no-mail").hidden = mails.length > 0 && state.letter !== null;
  $("no-mail").textContent = mails.length ? "Open a mail." : "No mail yet.";
  const letter = mails.find((one) => one.id === state.letter);
  $("letter").hidden = !letter;
  if (letter && state.seen.letter !== letter.id) {
    state.seen.letter = letter.id;
    $("subject").textContent = letter.subject;
    $("envelope").textContent = `from ${letter.from} to ${letter.to.join(", ")}`;
    $("html").srcdoc = letter.html ?? "";
    $("html").hidden = !letter.html;
    $("plain").textContent = letter.text ?? "";
  }
}

// ---- checkout ----
async function lookAtCheckout() {
  const bills = await read("/razorpay/bills");
  $("no-bills").hidden = bills.length > 0;
  draw("bills", bills, (bill) => {
    const item = make("li");
    item.append(make("strong", rupees(bill.amount)));
    item.append(make("p", `${bill.id} · ${bill.about ?? ""}`, { class: "quiet" }));
    item.append(make("p", [bill.status, ...bill.payments.map((one) => `${one.method} ${one.status}`)].join(" · ")));
    if (bill.payable) {
      const taps = make("div", null, { class: "taps" });
      const pay = (outcome, title, primary) => taps.append(make("button", title, {
        class: primary && "primary", "data-key": `${bill.id}/${outcome}`,
        onclick: () => act(() => send(`/razorpay/${bill.kind}/${bill.id}/pay`, { method: $("method").value, outcome }),
          (paid) => outcome === "captured" ? `paid: ${paid.razorpay_payment_id}` : `${outcome}: ${paid.razorpay_payment_id}`),
      }));
      pay("captured", "Pay", true);
      pay("failed", "Bank refuses");
      pay("abandoned", "Close the window");
      item.append(taps);
    }
    return item;
  });
}

// ---- faults ----
let operations = {};
async function learnOperations() {
  operations = Object.fromEntries((await read("/operations")).map(([system, names]) => [system, names.split(/\s+/)]));
  $("system").replaceChildren(...Object.keys(operations).map((name) => make("option", name)));
  nameOperations();
}
function nameOperations() {
  const names = operations[$("system").value] ?? [];
  $("operation").replaceChildren(make("option", "any", { value: "" }), ...names.map((name) => make("option", name)));
}
$("system").addEventListener("change", nameOperations);
$("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = (id) => ($(id).value === "" ? undefined : Number($(id).value));
  const fault = {
    system: $("system").value, operation: $("operation").value || undefined, kind: $("kind").value,
    value: number("value"), count: number("count"),
  };
  act(() => send("/faults", fault), `${fault.system} has trouble now`);
});
$("clear").addEventListener("click", () => act(() => ask("/faults", { method: "DELETE" }), "all faults cleared"));
for (const system of ["razorpay", "whatsapp"]) {
  $(`release-${system}`).addEventListener("click", () =>
    act(() => send(`/${system}/webhooks/release`), (answer) => `${answer.data.released} webhooks released`));
}
async function lookAtFaults() {
  const active = await read("/faults");
  $("no-faults").hidden = active.length > 0;
  draw("active", active, (one) => {
    const item = make("li");
    item.append(make("strong", `${one.system} ${one.operation ?? ""}`));
    item.append(make("p", [one.kind.replaceAll("_", " "), one.value, one.count && `${one.count} times`].filter(Boolean).join(" · ")));
    return item;
  });
}

// ---- all of it ----
const lookers = { phones: lookAtPhones, mail: lookAtMail, checkout: lookAtCheckout, faults: lookAtFaults };
let looking = false;
async function look() {
  if (looking) return;
  looking = true;
  try {
    await lookers[state.tab]();
    if ($("note").dataset.lost) {
      delete $("note").dataset.lost;
      say("");
    }
  } catch (error) {
    $("note").dataset.lost = "1";
    say(`The sandbox does not answer: ${error.message}`, true);
  } finally {
    looking = false;
  }
}

function show(tab) {
  state.tab = tab;
  for (const name of TABS) {
    $(name).hidden = name !== tab;
    $(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
    $(`tab-${name}`).tabIndex = name === tab ? 0 : -1;
  }
  if (!location.hash.startsWith(`#${tab}`)) location.hash = tab;
  look();
}
document.querySelectorAll("[data-tab]").forEach((tab) => tab.addEventListener("click", () => show(tab.dataset.tab)));

document.addEventListener("keydown", (event) => {
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
  if (event.key === "Escape" && typing) return event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key >= "1" && event.key <= String(TABS.length)) {
    show(TABS[Number(event.key) - 1]);
    $(`tab-${state.tab}`).focus();
  } else if (event.key === "/") {
    event.preventDefault();
    (state.tab === "phones" && !state.phone ? $("number") : $("text")).focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const list = event.target.closest(".list");
    const buttons = list ? [...list.querySelectorAll("button")] : [];
    const next = buttons[buttons.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  } else if ((event.key === "ArrowRight" || event.key === "ArrowLeft") && event.target.dataset.tab) {
    const step = event.key === "ArrowRight" ? 1 : TABS.length - 1;
    show(TABS[(TABS.indexOf(state.tab) + step) % TABS.length]);
    $(`tab-${state.tab}`).focus();
  }
});

const [tab, kind, key] = location.hash.slice(1).split("/");
if (kind === "phone" && key) state.phone = decodeURIComponent(key);
if (kind === "device" && key) state.device = decodeURIComponent(key);
show(TABS.includes(tab) ? tab : "phones");
learnOperations().catch((error) => say(error.message, true));
setInterval(() => document.visibilityState === "visible" && look(), POLL_MS);
