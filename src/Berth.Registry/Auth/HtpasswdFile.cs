namespace Berth.Registry.Auth;

/// <summary>Users and bcrypt hashes of their passwords, as Apache's htpasswd -B writes them: <c>user:$2y$…</c>.</summary>
internal static class HtpasswdFile
{
    private const int MaxBytes = 4 << 20;

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">A line is no entry, or its hash is not bcrypt's.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new FormatException($"{path} is larger than {MaxBytes} bytes");
        }
        var users = new Dictionary<string, string>(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in File.ReadAllLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#'))
            {
                continue;
            }
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string hash = line[(colon + 1)..].Trim();
            if (colon <= 0 || hash.Length != 60 || !(hash.StartsWith("$2y$", StringComparison.Ordinal) || hash.StartsWith("$2a$", StringComparison.Ordinal) || hash.StartsWith("$2b$", StringComparison.Ordinal)))
            {
                throw new FormatException($"{path}, line {number}: expected USER:BCRYPT-HASH, as 'berth registry htpasswd' or 'htpasswd -B' writes it");
            }
            users[line[..colon]] = hash;
        }
        return users;
    }

    /// <summary>Sets the password of a user; the file is replaced as a whole.</summary>
    public static void Set(string path, string user, string password)
    {
        if (user.Length == 0 || user.AsSpan().IndexOfAny(':', '\n', '\r') >= 0 || password.Length == 0)
        {
            throw new FormatException("a user name has no colon, and neither name nor password is empty");
        }
        Dictionary<string, string> users = File.Exists(path) ? Read(path) : new(StringComparer.Ordinal);
        users[user] = BCrypt.Net.BCrypt.HashPassword(password);
        string next = path + ".new";
        using (var file = new FileStream(next, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        using (var writer = new StreamWriter(file))
        {
            foreach ((string name, string hash) in users)
            {
                writer.Write($"{name}:{hash}\n");
            }
        }
        File.Move(next, path, overwrite: true);
    }
}
