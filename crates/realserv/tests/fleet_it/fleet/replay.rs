//! `realserv replay` and `realserv saga` on the fleet that the demo leaves.

use crate::stage::{end, free_ports, home, programs, realserv};
use realserv::home::Home;
use rustix::process::Signal;
use std::{
    fs::{self, File},
    process::{Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// The demo plays a few minutes at most.
const PATIENCE: Duration = Duration::from_secs(240);

fn run(home: &Home, args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = realserv(home).args(args).output().unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

fn sql(home: &Home, service: &str, statement: &str) {
    let (code, said) = run(home, &["sql", service, "-c", statement]);
    assert_eq!(code, Some(0), "{statement}: {said}");
}

#[test]
fn what_the_events_say_of_every_order_of_the_demo_is_what_the_tables_say_until_a_row_is_touched() {
    programs();
    let outer = home("fleet-replay");
    let log = outer.folder("logs").unwrap().join("demo.log");
    let out = File::create(&log).unwrap();
    let base = free_ports().gateway.to_string();
    let mut demo = realserv(&outer);
    demo.args(["demo", "--no-build", "--keep", "--port-base", &base]).stdin(Stdio::null());
    let demo = Running(demo.stdout(out.try_clone().unwrap()).stderr(out).spawn().unwrap());
    let begun = Instant::now();
    while !fs::read_to_string(&log).unwrap().contains("The fleet stays") {
        assert!(begun.elapsed() < PATIENCE, "the demo did not get to its end: {}", fs::read_to_string(&log).unwrap());
        sleep(Duration::from_millis(200));
    }
    let inner = outer.inner("demo").unwrap();

    let (code, said) = run(&inner, &["replay", "--all"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 with differences"), "{said}");
    let (code, said) = run(&inner, &["replay", "#ord1"]);
    assert_eq!(code, Some(0), "a number is typed loosely: {said}");
    assert_eq!(run(&inner, &["replay", "ORD999999"]).0, Some(2));
    assert_eq!(run(&inner, &["saga", "ord 1"]).0, Some(0));
    assert!(run(&inner, &["saga", "ord 1"]).1.contains("done"));
    assert!(run(&inner, &["saga", "--stuck"]).1.contains("nothing is under way"));

    let touched = [
        (
            "order",
            "UPDATE orders SET buyer_notes = buyer_notes, vendor_id = gen_random_uuid() WHERE order_number = 'ORD000001'",
            "orders.vendor_id",
        ),
        (
            "order",
            "UPDATE order_items SET quantity = quantity + 1 WHERE order_id = (SELECT id FROM orders WHERE order_number = 'ORD000001')",
            "order_items.quantity",
        ),
        (
            "payment",
            "UPDATE payments SET captured_at = captured_at + interval '1 s' WHERE order_number = 'ORD000001'",
            "payments.captured_at",
        ),
        (
            "vendor-management",
            "UPDATE deliveries SET vendor_id = gen_random_uuid() WHERE order_number = 'ORD000001'",
            "deliveries.vendor_id",
        ),
        (
            "vendor-management",
            "UPDATE settlement_line_items SET commission_rate = 1 WHERE order_number = 'ORD000001'",
            "settlement_line_items.commission_rate",
        ),
        (
            "vendor-management",
            "UPDATE settlements SET notes = notes, payment_reference = 'other' WHERE settlement_number = 'STL000001'",
            "settlements.payment_reference",
        ),
    ];
    for (service, statement, named) in touched {
        sql(&inner, service, statement);
        let (code, said) = run(&inner, &["replay", "ORD000001", "--patience", "0"]);
        assert_eq!(code, Some(1), "{statement}: {said}");
        assert!(said.contains(named), "{named} is not named: {said}");
    }
    let (code, said) = run(&inner, &["replay", "--all", "--patience", "0"]);
    assert_eq!(code, Some(1), "{said}");
    drop(demo);
    let _ = fs::remove_dir_all(&outer.state);
}

struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.0, Signal::INT, Duration::from_secs(40));
    }
}
