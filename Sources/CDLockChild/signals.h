#ifndef DLOCK_SIGNALS_H
#define DLOCK_SIGNALS_H

/// Remembers which signals are ignored, sets those right that this process takes care of, and makes the pipe through which
/// signals are received.
///
/// @return 0, or an `errno` value.
int dlock_signals_prepare(void);

#endif
