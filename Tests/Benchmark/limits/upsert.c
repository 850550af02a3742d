// The least that applying users costs: a program that does nothing but upsert them, sorted by email, into the table that usersync
// makes, with its indexes and durability, and a larger cache and log, which serve it best.
//
//   upsert DATABASE USERS_PER_COMMIT FILE...    a line of a file is a user; prints the seconds that each file's upserts took
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIELDS = 16 };

static sqlite3 *database;

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, database ? sqlite3_errmsg(database) : "");
    exit(1);
}

static void run(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL)) fail(sql);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static char *contents(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    if (!text || fread(text, 1, size, file) != size) fail(path);
    text[size] = 0;
    fclose(file);
    return text;
}

static const char *schema =
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL,"
    " kinde_user_id VARCHAR(255), tenant_id VARCHAR(255) NOT NULL, is_active BOOLEAN DEFAULT true,"
    " is_admin BOOLEAN DEFAULT false, department VARCHAR(100), title VARCHAR(100), roles JSONB DEFAULT '[]',"
    " permissions JSONB DEFAULT '[]', synced_from VARCHAR(50) DEFAULT 'wrapper', last_synced_at TIMESTAMP,"
    " created_at TIMESTAMP, updated_at TIMESTAMP, wrapper_user_id VARCHAR(255), avatar VARCHAR(2048),"
    " last_active_at TIMESTAMP, allowed_applications JSONB, subscription_tier VARCHAR(50), sync_time TIMESTAMP);"
    "CREATE UNIQUE INDEX idx_users_email ON users(email);"
    "CREATE UNIQUE INDEX idx_users_tenant_id ON users(tenant_id, wrapper_user_id);"
    "CREATE INDEX idx_users_kinde_user_id ON users(kinde_user_id, tenant_id)";

static const char *upsert =
    "INSERT INTO users (email, wrapper_user_id, kinde_user_id, name, tenant_id, is_active, is_admin, department, title, roles,"
    " permissions, avatar, last_active_at, allowed_applications, subscription_tier, sync_time, synced_from, last_synced_at,"
    " created_at, updated_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 'wrapper', ?16, ?16, ?16)"
    " ON CONFLICT(email) DO UPDATE SET name = excluded.name, is_active = excluded.is_active, is_admin = excluded.is_admin,"
    " department = excluded.department, title = excluded.title, roles = excluded.roles, permissions = excluded.permissions,"
    " avatar = excluded.avatar, last_active_at = excluded.last_active_at, allowed_applications = excluded.allowed_applications,"
    " subscription_tier = excluded.subscription_tier, sync_time = excluded.sync_time,"
    " last_synced_at = excluded.last_synced_at, updated_at = excluded.updated_at";

int main(int count, char **arguments) {
    if (count < 4) return 2;
    long per_commit = atol(arguments[2]);
    if (sqlite3_open(arguments[1], &database)) fail(arguments[1]);
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 192000");
    run(schema);
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, upsert, -1, &statement, NULL)) fail("prepare");

    for (int file = 3; file < count; file++) {
        char *text = contents(arguments[file]), *at = text;
        double start = now();
        long users = 0;
        while (*at) {
            if (users % per_commit == 0) run(users ? "COMMIT; BEGIN IMMEDIATE" : "BEGIN IMMEDIATE");
            for (int field = 1; field <= FIELDS; field++) {
                size_t length = strcspn(at, "\t\n");
                sqlite3_bind_text(statement, field, at, (int)length, SQLITE_STATIC);
                at += length + 1;
            }
            if (sqlite3_step(statement) != SQLITE_DONE) fail("step");
            sqlite3_reset(statement);
            users++;
        }
        if (users) run("COMMIT");
        printf("%.6f\n", now() - start);
        free(text);
    }
    sqlite3_finalize(statement);
    return sqlite3_close(database);
}
