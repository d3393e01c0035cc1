using System.Security.Cryptography;
using System.Text;

namespace Berth.Registry.Auth;

/// <summary>
/// Basic authentication against an htpasswd file, which may change while the registry runs. Hashing is slow on purpose, so it is done
/// once for a right password and by few requests at a time. [RFC9110] section 11.
/// </summary>
internal sealed class BasicAuthentication : IDisposable
{
    private const int MaxRemembered = 1000;
    private const int MaxPassword = 1024;

    // Of no password: what an unknown user is compared with, so that he is refused no faster.
    private readonly string _nobody = BCrypt.Net.BCrypt.HashPassword(Guid.NewGuid().ToString());
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly SemaphoreSlim _hashing = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _right = new(StringComparer.Ordinal);
    private Dictionary<string, string> _users;
    private DateTime _read;

    /// <exception cref="FormatException">The file is malformed.</exception>
    public BasicAuthentication(string path)
    {
        _path = path;
        _read = File.GetLastWriteTimeUtc(path);
        _users = HtpasswdFile.Read(path);
    }

    /// <summary>Whether an Authorization header proves a user of the file.</summary>
    public async Task<bool> IsKnownAsync(string? header, CancellationToken cancellation)
    {
        if (Parse(header) is not { } given)
        {
            return false;
        }
        Refresh();
        string? hash;
        string mark;
        lock (_gate)
        {
            hash = _users.GetValueOrDefault(given.User);
            mark = Convert.ToHexString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{given.User}\0{given.Password}\0{hash}")));
            if (_right.Contains(mark))
            {
                return true;
            }
        }
        await _hashing.WaitAsync(cancellation);
        try
        {
            bool matches = await Task.Run(() => BCrypt.Net.BCrypt.Verify(given.Password, hash ?? _nobody), cancellation);
            if (!matches || hash is null)
            {
                return false;
            }
        }
        finally
        {
            _hashing.Release();
        }
        lock (_gate)
        {
            if (_right.Count >= MaxRemembered)
            {
                _right.Clear();
            }
            _right.Add(mark);
        }
        return true;
    }

    public void Dispose() => _hashing.Dispose();

    private void Refresh()
    {
        DateTime written = File.GetLastWriteTimeUtc(_path);
        lock (_gate)
        {
            if (written == _read)
            {
                return;
            }
            try
            {
                _users = HtpasswdFile.Read(_path);
                _right.Clear();
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
            {
                // Half written, or broken: the users known so far stay until it is whole again.
            }
            _read = written;
        }
    }

    private static (string User, string Password)? Parse(string? header)
    {
        if (header is null || !header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        byte[] bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header["Basic ".Length..].Trim(), bytes, out int count))
        {
            return null;
        }
        string both = Encoding.UTF8.GetString(bytes, 0, count);
        int colon = both.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || both.Length > MaxPassword ? null : (both[..colon], both[(colon + 1)..]);
    }
}
