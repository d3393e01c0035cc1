using System.Buffers;
using System.Globalization;

namespace Berth.Engine.Planning;

/// <summary>Options of a tmpfs, checked one by one: what reaches the kernel is one of these names with a value of its own form. See tmpfs(5).</summary>
internal static class TmpfsRules
{
    private const uint AllPermissions = 0xFFF; // 07777
    private static readonly SearchValues<char> PolicyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789=:-");
    private static readonly string[] Always = ["nosuid", "nodev", "noexec"];

    /// <summary>The short form, <c>size=64m,mode=1777</c>.</summary>
    public static (List<string> Options, bool ReadOnly) Parse(string options, string field)
    {
        var list = new List<string>(Always);
        bool readOnly = false;
        foreach (string option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
            readOnly |= Add(list, option, field);
        return (list, readOnly);
    }

    /// <summary>The long form of <c>--mount type=tmpfs</c>.</summary>
    public static List<string> From(Configuration.TmpfsOptions tmpfs)
    {
        if (tmpfs.SizeBytes < 0)
            throw EngineException.Invalid("HostConfig.Mounts.TmpfsOptions.SizeBytes must not be negative");
        if (tmpfs.Mode > AllPermissions)
            throw EngineException.Invalid("HostConfig.Mounts.TmpfsOptions.Mode: has more than permission bits: use at most 07777");
        var list = new List<string>(Always);
        if (tmpfs.SizeBytes > 0)
            list.Add($"size={tmpfs.SizeBytes}");
        if (tmpfs.Mode != 0)
            list.Add($"mode={Convert.ToString(tmpfs.Mode, 8)}");
        foreach (IReadOnlyList<string> option in tmpfs.Options ?? [])
        {
            if (option.Count is not (1 or 2) || option[0].Contains('=', StringComparison.Ordinal))
                throw EngineException.Invalid("HostConfig.Mounts.TmpfsOptions.Options: each is [name] or [name, value]");
            if (Add(list, string.Join('=', option), "HostConfig.Mounts.TmpfsOptions.Options"))
                throw EngineException.Invalid("HostConfig.Mounts.TmpfsOptions.Options: \"ro\" is said by HostConfig.Mounts.ReadOnly");
        }
        return list;
    }

    /// <summary>True when the option says read-only.</summary>
    private static bool Add(List<string> list, string option, string field)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? option : option[..equals];
        ReadOnlySpan<char> value = equals < 0 ? [] : option.AsSpan(equals + 1);
        switch (name)
        {
            case "exec" or "suid" or "dev" when equals < 0:
                list.Remove("no" + name);
                return false;
            case "noexec" or "nosuid" or "nodev" or "rw" when equals < 0:
                return false;
            case "ro" when equals < 0:
                return true;
            case "atime" or "noatime" or "relatime" or "norelatime" or "strictatime" or "nostrictatime" or "diratime" or "nodiratime" or "sync" or "async" or "dirsync" when equals < 0:
            case "size" or "nr_inodes" or "nr_blocks" when IsAmount(value):
            case "mode" when value.Length is > 0 and <= 5 && value.TrimStart('0').Length <= 4 && !value.ContainsAnyExceptInRange('0', '7'):
            case "uid" or "gid" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _):
            case "huge" when value is "never" or "always" or "within_size" or "advise":
            case "mpol" when value.Length is > 0 and <= 64 && !value.ContainsAnyExcept(PolicyCharacters):
                list.Add(option);
                return false;
            default:
                throw EngineException.Invalid($"{field}: invalid tmpfs option [\"{option}\"]");
        }
    }

    private static bool IsAmount(ReadOnlySpan<char> value)
    {
        ReadOnlySpan<char> digits = value.Length > 0 && "kKmMgG%".Contains(value[^1], StringComparison.Ordinal) ? value[..^1] : value;
        return digits.Length is > 0 and <= 15 && !digits.ContainsAnyExceptInRange('0', '9');
    }
}
