//! Who a caller is: Firebase ID tokens, service tokens and the access list.
