#ifndef DLOCK_NUMBERS_H
#define DLOCK_NUMBERS_H

#include <stdbool.h>

/// Looks at one entry of a directory whose name is a number.
///
/// @param folder a descriptor of the directory.
/// @param number the name.
/// @param context what was given to ``dlock_each_number``.
/// @return whether to go on.
typedef bool (*number_action)(int folder, const char *number, void *context);

/// Calls `action` for each entry of a directory of /proc whose name is a number, until that returns `false`. Async-signal-safe.
///
/// @return whether the system lists them all, or as many as `action` asked for.
bool dlock_each_number(const char *path, number_action action, void *context);

#endif
