using System.Globalization;

namespace Berth.Compose.Model;

/// <summary>Reads what a service sees of files besides its image.</summary>
internal static class StorageReader
{
    /// <summary>The settings.</summary>
    public static StorageSettings Read(Fields fields) => new()
    {
        Mounts = fields.List("volumes", ReadMount),
        Tmpfs = fields.Texts("tmpfs"),
        VolumesFrom = fields.Texts("volumes_from"),
        Secrets = fields.List("secrets", grant => ReadGrant(grant, "/run/secrets/")),
        Configs = fields.List("configs", grant => ReadGrant(grant, "/")),
        ReadOnly = fields.Flag("read_only") ?? false,
        ShmSize = fields.Size("shm_size"),
        Options = fields.TextPairs("storage_opt"),
    };

    private static Mount ReadMount(Fields fields)
    {
        fields.Ignore("consistency");
        var type = fields.OneOf("type", "volume", "bind", "tmpfs") ?? "volume";
        var source = fields.Text("source");
        if (type == "bind" && source is null)
        {
            throw new ComposeException(fields.Mark, $"{fields.What}: a bind needs a source");
        }
        var bind = fields.Map("bind", part => Tuple.Create(part.Ignore("selinux", "recursive").Text("propagation"), part.Flag("create_host_path")));
        var volume = fields.Map("volume", part => Tuple.Create(part.Ignore("labels").Flag("nocopy"), part.Text("subpath")));
        var tmpfs = fields.Map("tmpfs", part => Tuple.Create(part.Size("size"), Octal(part, "mode")));
        return new Mount(type, source, fields.Text("target") is ['/', ..] target ? target : throw new ComposeException(fields.Mark, $"{fields.What} needs a target that begins with /"))
        {
            ReadOnly = fields.Flag("read_only") ?? false,
            Propagation = bind?.Item1,
            CreateHostPath = bind is null || bind.Item2 != false,
            NoCopy = volume?.Item1 ?? false,
            Subpath = volume?.Item2,
            TmpfsSize = tmpfs?.Item1,
            TmpfsMode = tmpfs?.Item2,
        };
    }

    private static FileGrant ReadGrant(Fields fields, string folder)
    {
        var source = fields.Text("source") ?? throw new ComposeException(fields.Mark, $"{fields.What} needs a source");
        var target = fields.Text("target") ?? source;
        return new FileGrant(source, target.StartsWith('/') ? target : folder + target, Id(fields, "uid"), Id(fields, "gid"), Octal(fields, "mode") ?? 0b100_100_100);
    }

    private static int Id(Fields fields, string key) =>
        fields.Text(key) is not { } text ? 0 : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw fields.Wrong(key, text, "a number");

    // Written as 0440, 0o440 or "0440".
    private static int? Octal(Fields fields, string key)
    {
        if (fields.Text(key) is not { } text)
        {
            return null;
        }
        var mode = 0;
        foreach (var c in text.StartsWith("0o", StringComparison.Ordinal) ? text[2..] : text)
        {
            mode = c is >= '0' and <= '7' && mode < 0x1000 ? (mode * 8) + (c - '0') : throw fields.Wrong(key, text, "an octal number as 0440");
        }
        return mode;
    }
}
