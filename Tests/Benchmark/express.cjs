// The integration guide's Express handler over SQLite (node:sqlite), with the durability that usersync has.
//
//   node express.cjs printed|tuned PORT DATABASE
//
// printed: the guide's code: a look-up and an insert or update for each user, each a commit of its own.
// tuned:   what the guide's notes on performance ask for: batches of 100, each a transaction, one upsert for each user; with a
//          larger cache and log than usersync has, which serve it best.
'use strict';
const express = require('express');
const { DatabaseSync } = require('node:sqlite');

const [variant, port, path] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec(`
  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(255) UNIQUE NOT NULL, name VARCHAR(255) NOT NULL,
    kinde_user_id VARCHAR(255), tenant_id VARCHAR(255) NOT NULL, is_active BOOLEAN DEFAULT true, is_admin BOOLEAN DEFAULT false,
    department VARCHAR(100), title VARCHAR(100), roles JSONB DEFAULT '[]', permissions JSONB DEFAULT '[]',
    synced_from VARCHAR(50) DEFAULT 'wrapper', last_synced_at TIMESTAMP, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
  CREATE INDEX idx_users_tenant_id ON users(tenant_id);
  CREATE INDEX idx_users_kinde_user_id ON users(kinde_user_id);`);

// node:sqlite works synchronously: let other requests in between.
const othersTurn = () => new Promise(resolve => setImmediate(resolve));
const flag = value => (value ? 1 : 0);

let syncUsers;
if (variant === 'printed') {
  // The guide has this index beside the one that UNIQUE makes.
  database.exec('CREATE INDEX idx_users_email ON users(email)');
  const find = database.prepare('SELECT * FROM users WHERE email = ?');
  const insert = database.prepare(`INSERT INTO users (email, name, kinde_user_id, tenant_id, is_active, is_admin, department,
    title, roles, permissions, synced_from, last_synced_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const update = database.prepare(
    'UPDATE users SET name = ?, is_active = ?, roles = ?, permissions = ?, last_synced_at = ? WHERE id = ?');

  const findUserByEmail = async email => {
    await othersTurn();
    return find.get(email);
  };
  const createUser = async user => ({
    id: insert.run(user.email, user.name, user.kindeUserId, user.tenantId, flag(user.isActive), flag(user.isAdmin),
      user.department, user.title, JSON.stringify(user.roles), JSON.stringify(user.permissions), user.syncedFrom,
      user.lastSyncedAt.toISOString()).lastInsertRowid,
  });
  const updateUser = async (id, user) => update.run(user.name, flag(user.isActive), JSON.stringify(user.roles),
    JSON.stringify(user.permissions), user.lastSyncedAt.toISOString(), id);

  // From here on as the guide prints it.
  syncUsers = async (users, tenant) => {
    const results = [];
    for (const user of users) {
      try {
        let crmUser = await findUserByEmail(user.email);

        if (!crmUser) {
          crmUser = await createUser({
            email: user.email,
            name: user.name,
            kindeUserId: user.kindeUserId,
            tenantId: tenant.id,
            isActive: user.isActive,
            isAdmin: user.isAdmin,
            department: user.department,
            title: user.title,
            roles: user.roles,
            permissions: user.permissions,
            syncedFrom: 'wrapper',
            lastSyncedAt: new Date()
          });

          results.push({ userId: user.id, status: 'created', crmUserId: crmUser.id });
        } else {
          await updateUser(crmUser.id, {
            name: user.name,
            isActive: user.isActive,
            roles: user.roles,
            permissions: user.permissions,
            lastSyncedAt: new Date()
          });

          results.push({ userId: user.id, status: 'updated', crmUserId: crmUser.id });
        }
      } catch (error) {
        results.push({ userId: user.id, status: 'failed', error: error.message });
      }
    }
    return results;
  };
} else {
  // Measured: these serve it best.
  database.exec('PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 192000');
  const upsert = database.prepare(`INSERT INTO users (email, name, kinde_user_id, tenant_id, is_active, is_admin, department,
      title, roles, permissions, synced_from, last_synced_at, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'wrapper', ?11, ?11, ?11)
    ON CONFLICT(email) DO UPDATE SET name = excluded.name, is_active = excluded.is_active, roles = excluded.roles,
      permissions = excluded.permissions, last_synced_at = excluded.last_synced_at, updated_at = excluded.updated_at
    RETURNING id, created_at = updated_at AS created`);

  syncUsers = async (users, tenant) => {
    const results = [];
    for (let start = 0; start < users.length; start += 100) {
      const batch = users.slice(start, start + 100);
      const now = new Date().toISOString();
      const done = [];
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const user of batch) {
          const row = upsert.get(user.email, user.name, user.kindeUserId, tenant.id, flag(user.isActive), flag(user.isAdmin),
            user.department, user.title, JSON.stringify(user.roles), JSON.stringify(user.permissions), now);
          done.push({ userId: user.id, status: row.created ? 'created' : 'updated', crmUserId: row.id });
        }
        database.exec('COMMIT');
        results.push(...done);
      } catch (error) {
        database.exec('ROLLBACK');
        for (const user of batch) results.push({ userId: user.id, status: 'failed', error: error.message });
      }
      await othersTurn();
    }
    return results;
  };
}

const app = express();
app.use(express.json({ limit: '1gb' }));
app.post('/api/internal/sync/users', async (req, res) => {
  try {
    if (req.headers['x-internal-api-key'] !== process.env.INTERNAL_API_KEY) {
      return res.status(401).json({ success: false, error: 'Unauthorized - Invalid API key' });
    }
    const { tenant, users } = req.body;
    const results = await syncUsers(users, tenant);
    res.json({
      success: true,
      message: `Synced ${users.length} users`,
      results,
      tenant: tenant.id,
      syncedAt: new Date().toISOString()
    });
  } catch (error) {
    res.status(500).json({ success: false, error: error.message });
  }
});
app.listen(Number(port), '127.0.0.1').requestTimeout = 0;
