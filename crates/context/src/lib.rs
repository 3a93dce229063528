//! What travels with every piece of work: correlation id, trace context, who acts and through which channel.
