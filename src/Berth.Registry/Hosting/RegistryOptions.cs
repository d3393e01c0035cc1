using System.Globalization;
using System.Net;

namespace Berth.Registry.Hosting;

/// <summary>What the registry was asked to be.</summary>
internal sealed record RegistryOptions
{
    public const string Usage = """
        Usage: berth-registry serve [flags] DIR
               berth-registry gc [--delete-untagged] [--keep SECONDS] DIR
               berth-registry htpasswd FILE USER        (password on standard input)

          --listen ADDRESS:PORT   where to listen (default 127.0.0.1:5000; port 0 takes a free one)
          --tls-cert FILE         certificate chain, PEM; with --tls-key
          --tls-key FILE          its private key, PEM
          --htpasswd FILE         users who may read and write, with bcrypt hashes
          --read-only             no pushes, no deletions
          --max-blob-bytes N      largest blob (default 68719476736, 64 GiB)
          --max-uploads N         uploads open at a time (default 1000)
          --delete-untagged       gc: also remove manifests that no tag leads to
          --keep SECONDS          gc: leave blobs alone that were pushed so recently (default 3600)
        """;

    public required string Verb { get; init; }

    public required string Directory { get; init; }

    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 5000);

    public string? TlsCertificate { get; init; }

    public string? TlsKey { get; init; }

    public string? Htpasswd { get; init; }

    public bool ReadOnly { get; init; }

    public long MaxBlobBytes { get; init; } = 64L << 30;

    public int MaxUploads { get; init; } = 1000;

    public bool DeleteUntagged { get; init; }

    public TimeSpan Keep { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Of htpasswd: whose password.</summary>
    public string User { get; init; } = "";

    /// <summary>Reads arguments.</summary>
    /// <exception cref="FormatException">One is wrong; the message says what is right.</exception>
    public static RegistryOptions Parse(IReadOnlyList<string> arguments)
    {
        var flags = new Dictionary<string, string>(StringComparer.Ordinal);
        var words = new List<string>();
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            if (!name.StartsWith("--", StringComparison.Ordinal))
            {
                words.Add(name);
            }
            else if (name is "--read-only" or "--delete-untagged")
            {
                flags[name] = "";
            }
            else if (name is "--listen" or "--tls-cert" or "--tls-key" or "--htpasswd" or "--max-blob-bytes" or "--max-uploads" or "--keep")
            {
                flags[name] = i + 1 < arguments.Count ? arguments[++i] : throw new FormatException($"{name} needs a value");
            }
            else
            {
                throw new FormatException($"unknown argument {name}; berth-registry --help lists what there is");
            }
        }
        if (words is not (["serve" or "gc", _] or ["htpasswd", _, _]))
        {
            throw new FormatException("expected serve DIR, gc DIR, or htpasswd FILE USER; see berth-registry --help");
        }
        if (flags.ContainsKey("--tls-cert") != flags.ContainsKey("--tls-key"))
        {
            throw new FormatException("--tls-cert and --tls-key belong together");
        }
        return new RegistryOptions
        {
            Verb = words[0],
            Directory = words[1],
            User = words.Count > 2 ? words[2] : "",
            Listen = flags.TryGetValue("--listen", out string? address)
                ? IPEndPoint.TryParse(address, out IPEndPoint? parsed) && address.Contains(':', StringComparison.Ordinal) ? parsed : throw new FormatException($"--listen: \"{address}\" is no ADDRESS:PORT, such as 127.0.0.1:5000 or [::1]:5000")
                : new IPEndPoint(IPAddress.Loopback, 5000),
            TlsCertificate = flags.GetValueOrDefault("--tls-cert"),
            TlsKey = flags.GetValueOrDefault("--tls-key"),
            Htpasswd = flags.GetValueOrDefault("--htpasswd"),
            ReadOnly = flags.ContainsKey("--read-only"),
            DeleteUntagged = flags.ContainsKey("--delete-untagged"),
            MaxBlobBytes = Number(flags, "--max-blob-bytes", 64L << 30, long.MaxValue),
            MaxUploads = (int)Number(flags, "--max-uploads", 1000, 1_000_000),
            Keep = TimeSpan.FromSeconds(Number(flags, "--keep", 3600, 10L * 365 * 24 * 3600)),
        };
    }

    private static long Number(Dictionary<string, string> flags, string name, long otherwise, long most) => !flags.TryGetValue(name, out string? text) ? otherwise
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= most ? number
        : throw new FormatException($"{name}: \"{text}\" is no whole number up to {most}");
}
