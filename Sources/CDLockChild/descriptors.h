#ifndef DLOCK_DESCRIPTORS_H
#define DLOCK_DESCRIPTORS_H

/// Remembers which descriptors this process was started with. Call it before anything opens one; not async-signal-safe.
///
/// @return 0, or an `errno` value.
int dlock_descriptors_remember(void);

/// How many descriptors above the standard streams this process was started with.
int dlock_descriptors_inherited_count(void);

/// Makes every descriptor close on `exec` but the standard streams and those that this process was started with.
///
/// For a forked child; async-signal-safe.
void dlock_descriptors_close_on_exec(void);

/// Closes every descriptor above the standard streams but those of files, directories and named pipes that this process has
/// opened itself, and the ones given. Kernel locks need the former.
///
/// For a forked child; async-signal-safe.
///
/// @param kept descriptors that stay open in any case; negative ones are ignored.
/// @param count how many those are.
void dlock_descriptors_keep_locks(const int *kept, int count);

#endif
