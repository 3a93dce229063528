"""The people of a town and what belongs to them: staff, a vendor with cement, a buyer with orders."""

import json


class Town:
    """Everybody joins; `things` are ids by the names that paths use."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.admin = fleet.super_admin("Asha Rao", "+919000000001")
        self.operations = fleet.staff(self.admin, "Omar Khan", "+919000000002", "operations")
        self.finance = fleet.staff(self.admin, "Farah Ali", "+919000000003", "finance")
        self.things = {}
        self._vendor()
        self._buyer()
        self._orders()

    def _vendor(self):
        fleet, things = self.fleet, self.things
        self.vendor, user = fleet.register("Venkat Reddy", "+919848012345", "vendor")
        things["vendorId"] = vendor = user["vendor_id"]
        business = {
            "business_name": "Sri Venkateswara Traders", "business_type": "material_supplier",
            "gst_scheme": "regular", "gstin": "36AABCU9603R1ZO", "pan": "AABCU9603R", "state": "Telangana",
            "business_phone": "+919848012345", "business_address": "Plot 12, Kukatpally, Hyderabad",
            "service_radius_km": 25.0, "warehouse_latitude": 17.4948, "warehouse_longitude": 78.3996,
            "bank_account_number": "50100123456789", "bank_ifsc": "HDFC0000053", "bank_name": "HDFC Bank",
        }
        fleet.ask("POST", "/api/v1/vendors/onboard", self.vendor, business)
        papers = [{"document_type": kind, "media_id": fleet.upload(self.vendor, "kyc_document"), "document_number": number}
                  for kind, number in [("pan", "AABCU9603R"), ("gstin", "36AABCU9603R1ZO"), ("cancelled_cheque", None)]]
        fleet.ask("POST", f"/api/v1/vendors/{vendor}/kyc", self.vendor, {"documents": papers})
        fleet.ask("PUT", f"/api/v1/vendors/{vendor}/kyc/approve", self.operations, {})
        fleet.until(f"/api/v1/vendors/{vendor}", self.operations, lambda v: v["status"] == "active")
        cement = fleet.ask("GET", "/api/v1/materials?q=UltraTech%20OPC%2053&limit=1", self.vendor)[0]
        things["material"], things["categoryId"] = cement["id"], cement["category_id"]
        offer = {"material_id": cement["id"], "stock_quantity": "100000", "min_order_quantity": "1"}
        things["inventory"] = fleet.ask("POST", "/api/v1/inventory", self.vendor, offer)["id"]
        things["labor"] = fleet.ask("GET", "/api/v1/labor?limit=1", self.vendor)[0]["id"]
        things["media"] = fleet.upload(self.vendor, "delivery_proof")
        things["template"] = fleet.ask("GET", "/api/v1/notifications/templates", self.operations)[0]["id"]

    def _buyer(self):
        fleet, things = self.fleet, self.things
        self.buyer, user = fleet.register("Bhavana Iyer", "+919848054321", "buyer")
        things["userId"], things["buyerId"] = user["id"], user["buyer_id"]
        site = {"label": "Site 1", "address_line1": "Plot 88, Gachibowli", "landmark": "behind DLF Cyber City", "pincode": "500032"}
        address = fleet.ask("POST", f"/api/v1/buyers/{user['buyer_id']}/addresses", self.buyer, site)
        things["addressId"] = address["id"]

    def order(self, key, method, bags="5"):
        body = {
            "vendor_id": self.things["vendorId"], "delivery_address_id": self.things["addressId"], "payment_method": method,
            "items": [{"item_type": "material", "item_id": self.things["material"], "quantity": bags}],
        }
        return self.fleet.ask("POST", "/api/v1/orders", self.buyer, body, headers={"idempotency-key": key})

    def _orders(self):
        fleet, things = self.fleet, self.things
        order = self.order("town-paid", "online")
        things["orderId"], things["number"], things["itemId"] = order["id"], order["order_number"], order["items"][0]["id"]
        gateway = order["payment"]["gateway"]["razorpay_order_id"]
        paid = fleet.control("POST", f"/razorpay/orders/{gateway}/pay", {"outcome": "captured"})
        fleet.ask("POST", "/api/v1/payments/verify", self.buyer,
                  {name: paid[name] for name in ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature")})
        path = f"/api/v1/orders/{order['id']}"
        fleet.until(path, self.buyer, lambda o: o["status"] == "paid")
        fleet.ask("POST", f"{path}/confirm", self.vendor, {})
        delivery = fleet.until(f"/api/v1/deliveries/order/{order['id']}", self.vendor, lambda d: d.get("id"))
        things["delivery"] = delivery["id"]
        things["payment"] = fleet.ask("GET", f"/api/v1/payments/order/{order['id']}", self.buyer)["id"]
        cash = self.order("town-cash", "cod")
        things["cod"] = fleet.until(f"/api/v1/payments/order/{cash['id']}", self.buyer, lambda p: p.get("id"))["id"]
        ticket = {"category": "order_issue", "subject": "Torn bags", "description": "Two of the bags are torn."}
        things["ticketId"] = fleet.ask("POST", f"{path}/support-tickets", self.buyer, ticket)["id"]
        inbox = fleet.until(f"/api/v1/notifications/user/{things['userId']}", self.buyer, lambda found: found)
        things["notification"] = inbox[0]["id"]

    def ids(self):
        """What `{id}` is, by the beginning of the path; the longest fits best."""
        things = self.things
        return {
            "/api/v1/users/": things["userId"], "/api/v1/buyers/": things["buyerId"], "/api/v1/orders/": things["orderId"],
            "/api/v1/payments/": things["payment"], "/api/v1/payments/cod/": things["cod"],
            "/api/v1/materials/": things["material"], "/api/v1/labor/": things["labor"],
            "/api/v1/categories/": things["categoryId"], "/api/v1/vendors/": things["vendorId"],
            "/api/v1/deliveries/": things["delivery"], "/api/v1/notifications/": things["notification"],
            "/api/v1/notifications/templates/": things["template"], "/api/v1/media/": things["media"],
            "/api/v1/admin/users/": self.operations.id,
        }

    def as_json(self):
        return json.dumps({"named": self.things, "ids": self.ids(), "inventory": self.things["inventory"]})
