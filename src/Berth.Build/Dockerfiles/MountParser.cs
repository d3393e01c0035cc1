using System.Globalization;
using System.Text;

namespace Berth.Build.Dockerfiles;

/// <summary>The value of <c>RUN --mount</c>: <c>key=value</c> fields between commas, as one line of CSV. [DOCKERFILE] "RUN --mount".</summary>
internal static class MountParser
{
    public static RunMount Parse(string text, Func<string, DockerfileException> wrong)
    {
        List<(string Key, string? Value)> fields = Fields(text, wrong);
        string type = fields.LastOrDefault(static f => f.Key == "type").Value ?? "bind";
        MountKind kind = type switch
        {
            "bind" => MountKind.Bind,
            "cache" => MountKind.Cache,
            "tmpfs" => MountKind.Tmpfs,
            "secret" => MountKind.Secret,
            "ssh" => throw wrong("RUN --mount=type=ssh is not available: give the key as --mount=type=secret"),
            _ => throw wrong($"unsupported mount type \"{Shown.Text(type)}\": known are bind, cache, tmpfs, secret"),
        };
        var mount = new RunMount { Kind = kind, Writable = kind == MountKind.Cache, Mode = kind == MountKind.Cache ? 0x1ED : 0x100 }; // 0755, 0400
        foreach ((string key, string? value) in fields)
            mount = Apply(mount, key, value, why => wrong($"RUN --mount=type={type}: {why}"));
        return Complete(mount, why => wrong($"RUN --mount=type={type}: {why}"));
    }

    private static RunMount Apply(RunMount mount, string key, string? value, Func<string, DockerfileException> wrong)
    {
        MountKind kind = mount.Kind;
        switch (key)
        {
            case "type":
                return mount;
            case "target" or "dst" or "destination":
                return mount with { Target = Needed() };
            case "source" or "src" when kind is MountKind.Bind or MountKind.Cache:
                return mount with { Source = Needed() };
            case "source" or "src" or "id" when kind is MountKind.Secret:
            case "id" when kind is MountKind.Cache:
                return mount with { Id = Needed() };
            case "from" when kind == MountKind.Bind:
                return mount with { From = Needed() };
            case "from" when kind == MountKind.Cache:
                throw wrong("from is not available: fill the cache in the command");
            case "rw" or "readwrite" when kind is MountKind.Bind or MountKind.Cache:
                return mount with { Writable = Truth() };
            case "ro" or "readonly" when kind is MountKind.Bind or MountKind.Cache:
                return mount with { Writable = !Truth() };
            case "sharing" when kind == MountKind.Cache:
                return mount with { Sharing = value is "shared" or "private" or "locked" ? value : throw wrong("sharing is one of shared, private, locked") };
            case "size" when kind == MountKind.Tmpfs:
                return mount with { Size = Bytes(Needed()) ?? throw wrong($"\"{Shown.Text(value!)}\" is not a size") };
            case "required" when kind == MountKind.Secret:
                return mount with { Required = Truth() };
            case "env" when kind == MountKind.Secret:
                return mount with { Variable = Needed() };
            case "mode" when kind is MountKind.Cache or MountKind.Secret:
                return mount with { Mode = Octal(Needed()) ?? throw wrong($"\"{Shown.Text(value!)}\" is not an octal mode") };
            case "uid" when kind is MountKind.Cache or MountKind.Secret:
                return mount with { Uid = Number() };
            case "gid" when kind is MountKind.Cache or MountKind.Secret:
                return mount with { Gid = Number() };
            default:
                throw wrong($"unexpected key \"{Shown.Text(key)}\"");
        }

        string Needed() => value is { Length: > 0 } ? value : throw wrong($"{key} needs a value");
        bool Truth() => value switch { null or "true" or "1" => true, "false" or "0" => false, _ => throw wrong($"{key} is true or false") };
        uint Number() => uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue
            ? number
            : throw wrong($"{key} is a number");
    }

    private static RunMount Complete(RunMount mount, Func<string, DockerfileException> wrong)
    {
        if (mount.Kind == MountKind.Secret)
        {
            string name = mount.Id.Length > 0 ? mount.Id : mount.Target[(mount.Target.LastIndexOf('/') + 1)..];
            if (name.Length == 0)
                throw wrong("id is missing: the name under which the build gets the secret");
            return mount with { Id = name, Target = mount.Target.Length > 0 || mount.Variable is not null ? mount.Target : "/run/secrets/" + name };
        }
        if (mount.Target.Length == 0)
            throw wrong("target is missing: where to mount it");
        return mount.Kind == MountKind.Cache && mount.Id.Length == 0 ? mount with { Id = mount.Target } : mount;
    }

    // [RFC 4180] fields: quotes keep a comma together, two of them stand for one.
    private static List<(string, string?)> Fields(string text, Func<string, DockerfileException> wrong)
    {
        var fields = new List<(string, string?)>();
        var field = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && !quoted))
            {
                string whole = field.ToString();
                int equals = whole.IndexOf('=', StringComparison.Ordinal);
                fields.Add(equals < 0 ? (whole.Trim().ToLowerInvariant(), null) : (whole[..equals].Trim().ToLowerInvariant(), whole[(equals + 1)..]));
                field.Clear();
            }
            else if (text[i] == '"')
            {
                if (quoted && i + 1 < text.Length && text[i + 1] == '"')
                    field.Append(text[i++]);
                else
                    quoted = !quoted;
            }
            else
            {
                field.Append(text[i]);
            }
        }
        return quoted ? throw wrong("RUN --mount: a quote is not closed") : fields;
    }

    private static int? Octal(string text)
    {
        int mode = 0;
        foreach (char c in text)
        {
            if (c is < '0' or > '7' || (mode = (mode << 3) | (c - '0')) > 0xFFF)
                return null;
        }
        return mode;
    }

    private static long? Bytes(string text)
    {
        int shift = char.ToLowerInvariant(text.TrimEnd('b', 'B') is [.., var unit] ? unit : '0') switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        string digits = text.TrimEnd('b', 'B').TrimEnd('k', 'm', 'g', 't', 'K', 'M', 'G', 'T');
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue >> shift ? number << shift : null;
    }
}
