// One call of each service through the generated client, with what its types promise looked at.
import createClient from "openapi-fetch";
import type { paths as Catalog } from "./generated/catalog.js";
import type { paths as Integration } from "./generated/integration.js";
import type { paths as Notification } from "./generated/notification.js";
import type { paths as Order } from "./generated/order.js";
import type { paths as Payment } from "./generated/payment.js";
import type { paths as User } from "./generated/user.js";
import type { paths as Vendor } from "./generated/vendor-management.js";

interface Stage {
  urls: Record<string, string>;
  token: string;
  things: { userId: string; orderId: string; number: string; vendorId: string; material: string };
}

const stage = JSON.parse(process.env["CLIENT_STAGE"] ?? "null") as Stage;
const { things } = stage;
const at = (service: string) => ({ baseUrl: stage.urls[service] ?? "", headers: { authorization: `Bearer ${stage.token}` } });

function same<T>(service: string, what: string, found: T, wanted: T): void {
  if (found !== wanted) {
    throw new Error(`${service}: ${what} is ${String(found)}, not ${String(wanted)}`);
  }
  console.log(`${service.padEnd(18)} ${what} ${String(found)}`);
}

const me = await createClient<User>(at("user")).GET("/api/v1/auth/me");
same("user", "me", me.data?.data.id, things.userId);

const order = await createClient<Order>(at("order")).GET("/api/v1/orders/{id}", { params: { path: { id: things.orderId } } });
same("order", "number", order.data?.data.order_number, things.number);

const payment = await createClient<Payment>(at("payment")).GET("/api/v1/payments/order/{orderId}", {
  params: { path: { orderId: things.orderId } },
});
same("payment", "of order", payment.data?.data.order_id, things.orderId);

const material = await createClient<Catalog>(at("catalog")).GET("/api/v1/materials/{id}", {
  params: { path: { id: things.material } },
});
same("catalog", "material", material.data?.data.id, things.material);

const vendor = await createClient<Vendor>(at("vendor-management")).GET("/api/v1/vendors/{id}", {
  params: { path: { id: things.vendorId } },
});
same("vendor-management", "vendor", vendor.data?.data.id, things.vendorId);

const inbox = await createClient<Notification>(at("notification")).GET("/api/v1/notifications/user/{userId}", {
  params: { path: { userId: things.userId } },
});
same("notification", "inbox of", inbox.data?.data[0]?.user_id, things.userId);

const place = await createClient<Integration>(at("integration")).POST("/api/v1/location/geocode", {
  body: { address: "Gachibowli, Hyderabad" },
});
same("integration", "a place in India", (place.data?.data.latitude ?? 0) > 6, true);

const refused = await createClient<Order>(at("order")).POST("/api/v1/orders/{id}/cancel", {
  params: { path: { id: things.userId } },
  body: { reason: "there is no such order" },
});
same("order", "refusal", refused.error?.error.code, "not_found");
