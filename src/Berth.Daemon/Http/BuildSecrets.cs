using System.Security.Cryptography;

namespace Berth.Daemon.Http;

/// <summary>Secrets on their way to a build: held in memory alone, given out once, and dropped when nobody comes for them.</summary>
internal sealed class BuildSecrets(TimeProvider time)
{
    private const int MaxSets = 64;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (IReadOnlyDictionary<string, byte[]> Secrets, DateTimeOffset Until)> _sets = new(StringComparer.Ordinal);

    /// <summary>Takes a set in and gives its token.</summary>
    public string Keep(IReadOnlyDictionary<string, byte[]> secrets)
    {
        lock (_sets)
        {
            foreach (string old in _sets.Where(set => set.Value.Until < time.GetUtcNow()).Select(static set => set.Key).ToArray())
                _sets.Remove(old);
            if (_sets.Count >= MaxSets)
                throw new ApiException(503, "too many builds with secrets begin at once: try again");
            string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            _sets[token] = (secrets, time.GetUtcNow() + Kept);
            return token;
        }
    }

    /// <summary>Gives a set out.</summary>
    public IReadOnlyDictionary<string, byte[]> Take(string token)
    {
        lock (_sets)
        {
            return _sets.Remove(token, out var set) && set.Until >= time.GetUtcNow()
                ? set.Secrets
                : throw ApiException.BadRequest("the build's secrets are gone: send them again");
        }
    }
}
