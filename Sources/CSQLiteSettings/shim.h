#include <sqlite3.h>

/* sqlite3_config takes what Swift cannot pass: a variable number of arguments. */
static inline int usersync_sqlite_without_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
