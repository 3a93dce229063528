//! What vendors say, labelled. A label is an intent, or `ask` with what must not be done.

use super::intent::Intent;
use super::recognise::{Doubt, Heard, Understood, recognise};

fn hear(text: &str, code_awaited: bool) -> Understood {
    recognise(&Heard { text, forwarded: false, code_awaited, limit: 0.8 })
}

/// What was understood, in short: `confirm ORD000001`, `code 123456`, `ask negation`.
fn label(understood: &Understood) -> String {
    match understood {
        Understood::Ask(ask) => format!("ask {}", format!("{:?}", ask.doubt).to_lowercase()),
        Understood::Wanted(wanted) => {
            let mut text = wanted.intent.as_str().to_owned();
            for part in
                [wanted.order.as_ref().map(ToString::to_string), wanted.code.clone(), wanted.amount.map(|a| a.to_string())]
                    .into_iter()
                    .flatten()
            {
                text.push_str(&format!(" {part}"));
            }
            text
        }
    }
}

fn check(table: &[(&str, &str)], code_awaited: bool) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(said, expected)| (said, expected, label(&hear(said, code_awaited))))
        .filter(|(_, expected, got)| *expected != got)
        .map(|(said, expected, got)| format!("{said:?}: expected {expected}, got {got}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_words_of_the_documents_work_exactly() {
    check(
        &[
            ("Confirm ORD123", "confirm ORD000123"),
            ("Confirm ORD000001", "confirm ORD000001"),
            ("Status ORD123", "order_status ORD000123"),
            ("ORD123", "order_status ORD000123"),
            ("Available", "available"),
            ("Not available", "not_available"),
            ("Earnings", "earnings"),
            ("Out for delivery", "out_for_delivery"),
            ("COD collected", "cod_collected"),
        ],
        false,
    );
}

#[test]
fn orders_are_named_however_people_type_them() {
    check(
        &[
            ("confirm ord 1", "confirm ORD000001"),
            ("confirm #ORD000001", "confirm ORD000001"),
            ("CONFIRM ORD-1.", "confirm ORD000001"),
            ("confirm 0rd1", "confirm ORD000001"),
            ("confirm ORDOO1", "confirm ORD000001"),
            ("confirm order no 12", "confirm ORD000012"),
            ("confirm order 12", "confirm ORD000012"),
            ("confirm #12", "confirm ORD000012"),
            ("ORD1 confirm", "confirm ORD000001"),
            ("*Confirm* ORD१२", "confirm ORD000012"),
            ("confirm ORD1A", "ask unclearnumber"),
            ("confirm ORDl", "ask unclearnumber"),
            ("confirm ORD", "ask unclearnumber"),
            ("confirm 12", "ask unsure"),
            ("confirm ORD1 ORD1", "confirm ORD000001"),
        ],
        false,
    );
}

#[test]
fn misspelt_and_polite_words_are_understood() {
    check(
        &[
            ("plz confirm ORD1 sir", "confirm ORD000001"),
            ("hello, confirm ORD1", "confirm ORD000001"),
            ("ok confrim ord1", "confirm ORD000001"),
            ("confirn ORD1", "confirm ORD000001"),
            ("accept ORD1", "confirm ORD000001"),
            ("Earnngs", "earnings"),
            ("availble", "available"),
            ("avialable", "available"),
            ("unavailable", "not_available"),
            ("preparing ORD7", "preparing ORD000007"),
            ("prepering ORD7", "preparing ORD000007"),
            ("out for delivary ORD7", "out_for_delivery ORD000007"),
            ("dispatched ORD7", "out_for_delivery ORD000007"),
            ("on the way", "out_for_delivery"),
            ("reject ORD1 no stock", "reject ORD000001"),
            ("Reject ORD1", "reject ORD000001"),
            ("decline ORD1 material not good", "reject ORD000001"),
            ("send otp again", "resend_code"),
            ("otp not received", "resend_code"),
            ("delivered ORD2", "delivered ORD000002"),
            ("cash collected ORD2", "cod_collected ORD000002"),
            ("COD collected ORD2 5,000", "cod_collected ORD000002 5000.00"),
            ("my orders", "open_orders"),
            ("today's orders", "open_orders"),
            ("what are my orders?", "open_orders"),
            ("where is status of ORD4?", "order_status ORD000004"),
            ("hi", "greeting"),
            ("Good morning sir", "greeting"),
            ("thank you", "thanks"),
            ("help", "help"),
            ("cancel", "cancel"),
            ("language", "language"),
            ("stock", "stock"),
        ],
        false,
    );
}

#[test]
fn hindi_and_telugu_words_are_understood() {
    check(
        &[
            ("ORD1 confirm karo ji", "confirm ORD000001"),
            ("ORD1 confirm cheyandi", "confirm ORD000001"),
            ("ORD1 कन्फर्म करो", "confirm ORD000001"),
            ("ORD1 కన్ఫర్మ్ చేయండి", "confirm ORD000001"),
            ("ORD1 reject karo", "reject ORD000001"),
            ("ORD1 nikal gaya", "out_for_delivery ORD000001"),
            ("ORD1 bayaluderindi", "out_for_delivery ORD000001"),
            ("रास्ते में ORD1", "out_for_delivery ORD000001"),
            ("दुकान बंद है", "not_available"),
            ("dukan khuli hai", "available"),
            ("available nahi hai", "not_available"),
            ("available kaadu", "not_available"),
            ("उपलब्ध", "available"),
            ("उपलब्ध नहीं है", "not_available"),
            ("कमाई", "earnings"),
            ("సంపాదన", "earnings"),
            ("kitna kamaya", "earnings"),
            ("नमस्ते", "greeting"),
            ("నమస్కారం", "greeting"),
            ("నా ఆర్డర్లు", "open_orders"),
            ("मेरे ऑर्डर", "open_orders"),
            ("otp nahi aaya", "resend_code"),
            ("cash mil gaya ORD2", "cod_collected ORD000002"),
        ],
        false,
    );
}

#[test]
fn what_must_be_asked_back_is_asked_back() {
    check(
        &[
            // Negations.
            ("don't confirm ORD1", "ask negation"),
            ("don’t confirm yet", "ask negation"),
            ("do not confirm ORD1", "ask negation"),
            ("not confirm ORD1", "ask negation"),
            ("ORD1 confirm mat karo", "ask negation"),
            ("ORD1 confirm nahi", "ask negation"),
            ("ORD1 confirm cheyyoddu", "ask negation"),
            ("ORD1 confirm vaddu", "ask negation"),
            ("ORD1 कन्फर्म मत करो", "ask negation"),
            ("dont reject ORD1", "ask negation"),
            ("not out for delivery", "ask negation"),
            ("cash not collected", "ask negation"),
            ("not delivered", "ask negation"),
            ("wait, confirm ORD1", "ask negation"),
            // Questions.
            ("is it confirmed?", "ask question"),
            ("is ORD1 confirmed", "ask question"),
            ("confirm ORD1?", "ask question"),
            ("should I confirm ORD1", "ask question"),
            ("kya ORD1 confirm hai", "ask question"),
            ("can i reject ORD1", "ask question"),
            ("cod collected?", "ask question"),
            ("available?", "ask question"),
            // Two at once.
            ("confirm ORD1 and ORD2", "ask twoorders"),
            ("status ORD1 ORD2", "ask twoorders"),
            ("confirm ORD1 reject ORD2", "ask twoorders"),
            ("confirm or reject ORD1", "ask twothings"),
            ("confirm ORD1 out for delivery", "ask twothings"),
            // Relative changes, unknown units, parts.
            ("add 50 stock", "ask stock"),
            ("raise price by 5", "ask stock"),
            ("stock cement 43 120", "ask stock"),
            ("confirm ORD1 add 10 bags", "ask relative"),
            ("confirm ORD1 one lorry", "ask unit"),
            ("cod collected ORD1 half", "ask part"),
            ("cash received ORD1 advance", "ask part"),
            ("reject half of ORD1", "ask part"),
            ("confirm half ORD1", "ask part"),
            // Wishes for later, conditions.
            ("available from tomorrow", "ask later"),
            ("not available tomorrow", "ask later"),
            ("out for delivery in 2 hours", "ask later"),
            ("confirm ORD1 kal", "ask later"),
            ("confirm ORD1 repu", "ask later"),
            ("confirm ORD1 if paid", "ask twothings"),
            ("confirm ORD1 if money comes", "ask condition"),
            ("reject ORD1 if not paid", "ask condition"),
            // Digits nobody waits for.
            ("123456", "ask codenotawaited"),
            ("otp 123456", "ask codenotawaited"),
            // Unknown words beside an act.
            ("cement available", "ask unsure"),
            ("confirm ORD1 customer very angry shouting", "ask unsure"),
            ("ORD1 confirmed", "ask unsure"),
            ("cancel ORD1", "cancel ORD000001"),
            ("available ORD1", "ask unsure"),
            ("hmm", "ask notunderstood"),
            ("yes", "ask notunderstood"),
            ("ok", "ask notunderstood"),
        ],
        false,
    );
}

#[test]
fn six_digits_count_when_a_code_is_awaited_and_only_alone() {
    check(
        &[
            ("123456", "code 123456"),
            ("OTP 123456", "code 123456"),
            ("otp is 123 456", "code 123456"),
            ("1 2 3 4 5 6", "code 123456"),
            ("code is 123456", "code 123456"),
            ("१२३४५६", "code 123456"),
            ("ORD000001 123456", "code ORD000001 123456"),
            ("delivered 123456", "code 123456"),
            ("is it 123456?", "ask question"),
            ("not 123456", "ask negation"),
            ("12345", "ask notunderstood"),
            ("1234567", "ask notunderstood"),
            ("confirm 123456", "ask twothings"),
            ("123456 or 123457", "ask condition"),
        ],
        true,
    );
}

#[test]
fn forwarded_words_are_never_acted_on() {
    let heard = Heard { text: "Confirm ORD1", forwarded: true, code_awaited: false, limit: 0.8 };
    assert!(matches!(recognise(&heard), Understood::Ask(ask) if ask.doubt == Doubt::Forwarded));
}

#[test]
fn a_rejection_keeps_its_reason() {
    let Understood::Wanted(wanted) = hear("Reject ORD1 cement not in stock till friday", false) else { panic!("not understood") };
    assert_eq!(wanted.intent, Intent::Reject);
    assert_eq!(wanted.reason.as_deref(), Some("cement not in stock till friday"));
}

#[test]
fn a_doubt_about_an_order_still_knows_which() {
    let Understood::Ask(ask) = hear("don't confirm ORD1 yet", false) else { panic!("acted") };
    assert_eq!((ask.likely, ask.order.map(|o| o.to_string()).as_deref()), (Some(Intent::Confirm), Some("ORD000001")));
    let Understood::Ask(ask) = hear("confirm 12", false) else { panic!("acted") };
    assert_eq!(ask.order.map(|o| o.to_string()).as_deref(), Some("ORD000012"));
}

proptest::proptest! {
    #[test]
    fn no_words_make_it_stumble(text in "\\PC{0,80}") {
        let _ = hear(&text, true);
        let _ = hear(&text, false);
    }

    #[test]
    fn a_negation_in_front_never_acts(verb in "confirm|accept|preparing|out for delivery|delivered|cod collected|available", no in "don't|dont|do not|never|mat|vaddu|नहीं") {
        let understood = hear(&format!("{no} {verb} ORD1"), false);
        let acts = matches!(&understood, Understood::Wanted(wanted) if wanted.intent.acts());
        proptest::prop_assert!(!acts, "{:?}", understood);
    }
}
