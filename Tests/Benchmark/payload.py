"""Users in the integration guide's format, the same at every run: as request bodies, and as lines for limits/upsert.c."""

import hashlib

FIRST = "Ana Ben Carla Dmitri Eva Farid Grace Hiro Zoë Jamal Kira Łukasz Maya 小龍 Olga Priya Quinn Николай Sven Tara".split()
LAST = "Adams Baker Müller Diaz Evans Fischer García Haas Ivanov Jones Kim López Moreau Novák Okafor Patel".split()
JOBS = [
    ("Sales", "Sales Manager"),
    ("Sales", "Account Executive"),
    ("Marketing", "Content Lead"),
    ("Engineering", "Software Engineer"),
    ("Finance", "Controller"),
    ("Support", "Support Agent"),
]
ROLES = ['["user"]', '["user","manager"]', '["user","admin"]', '["viewer"]']
PERMISSIONS = ['["read"]', '["read","write"]', '["read","write","delete"]']
APPLICATIONS = ['["crm"]', '["crm","hr"]', '["crm","hr","analytics"]']
TIERS = ["free", "premium", "enterprise"]

USER = (
    '{"id":"%s","kindeUserId":"%s","email":"%s","name":"%s","avatar":"%s","isActive":%s,"isAdmin":%s,"department":"%s",'
    '"title":"%s","lastActiveAt":"%s","roles":%s,"permissions":%s,"allowedApplications":%s,"subscriptionTier":"%s"}'
)


def fields(tenant, index, revision):
    """A user's fields in the order of USER. A revision changes name, roles, permissions, activity. Emails: random order."""
    h = hashlib.blake2b(f"{tenant}/{index}".encode(), digest_size=48).digest()
    x = h.hex()
    changing = h[0] + revision
    department, title = JOBS[h[1] % 6]
    first = FIRST[h[2] % 20]
    name = f"{first} {LAST[h[3] % 16]}" + (f" {revision}" if revision else "")
    return (
        f"{x[:8]}-{x[8:12]}-4{x[12:15]}-8{x[15:18]}-{x[18:30]}",
        f"kp_{x[30:62]}",
        f"{x[62:72]}.{index}@c{x[72:75]}.example",
        name,
        f"https://avatar-url.com/{x[75:87]}.jpg",
        "false" if h[4] < 20 else "true",
        "true" if h[5] < 10 else "false",
        department,
        title,
        f"2025-08-{1 + changing % 28:02d}T{h[6] % 24:02d}:{h[7] % 60:02d}:{h[8] % 60:02d}.000Z",
        ROLES[changing % 4],
        PERMISSIONS[changing % 3],
        APPLICATIONS[h[9] % 3],
        TIERS[h[10] % 3],
    )


def sync_time(revision):
    return f"2025-08-{19 + revision}T10:00:00.000Z"


def envelope(tenant, users, count, revision=0):
    return (
        f'{{"operation":"user_sync","tenant":{{"id":"{tenant}","name":"Company {tenant}","subdomain":"company-{tenant}",'
        f'"kindeOrgId":"org_{tenant}"}},"users":[{users}],"metadata":{{"syncTime":"{sync_time(revision)}",'
        f'"syncedBy":"wrapper-user-sync-service","syncType":"{"single_user" if count == 1 else "full"}",'
        '"applicationCode":"crm"}}'
    ).encode()


def body(tenant, count, revision=0, first=0):
    users = ",".join([USER % fields(tenant, index, revision) for index in range(first, first + count)])
    return envelope(tenant, users, count, revision)


def template():
    """The body of one user with NUMBER and TENANT in place of what tells users apart, for single.lua."""
    user = list(fields("template", 0, 0))
    user[0], user[1], user[2] = "00000000-0000-4000-8000-NUMBER", "kp_0123456789abcdef0123NUMBER", "user.NUMBER@company.example"
    return envelope("TENANT", USER % tuple(user), 1)


def write_lines(path, tenant, count, revision):
    """Writes the users sorted by email, one to a line, in the order of fields that limits/upsert.c binds."""
    lines = []
    for index in range(count):
        (
            id,
            kinde,
            email,
            name,
            avatar,
            active,
            admin,
            department,
            title,
            last_active,
            roles,
            permissions,
            applications,
            tier,
        ) = fields(tenant, index, revision)
        lines.append(
            "\t".join(
                (
                    email,
                    id,
                    kinde,
                    name,
                    tenant,
                    str(int(active == "true")),
                    str(int(admin == "true")),
                    department,
                    title,
                    roles,
                    permissions,
                    avatar,
                    last_active,
                    applications,
                    tier,
                    sync_time(revision),
                )
            )
        )
    lines.sort()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
