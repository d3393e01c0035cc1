using System.Globalization;
using System.Text;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Processes;

/// <summary>Resolves docker's <c>user[:group]</c> in the image's own /etc/passwd and /etc/group, read as plain files below the root:
/// no name service of the host or of the image takes part.</summary>
internal static class UserLookup
{
    private const int MaxFileBytes = 4 << 20;

    public static Identity Resolve(FileDescriptor root, string? user, UserSpec spec, IReadOnlyList<string> groupAdd)
    {
        string[] passwd = ReadLines(root, "/etc/passwd"), group = ReadLines(root, "/etc/group");
        return Resolve(passwd, group, user, spec, groupAdd);
    }

    internal static Identity Resolve(string[] passwd, string[] group, string? user, UserSpec spec, IReadOnlyList<string> groupAdd)
    {
        uint uid = spec.Uid, gid = spec.Gid;
        string? userName = null, groupText = null;
        bool gidFromPasswd = false;
        List<uint> groups = [.. spec.AdditionalGids];
        if (user is not null)
        {
            int colon = user.IndexOf(':');
            string userText = colon < 0 ? user : user[..colon];
            groupText = colon < 0 ? null : user[(colon + 1)..];
            uid = 0;
            gid = 0;
            // A name goes before a number: an account may be called "1000".
            string[]? named = Find(passwd, 0, userText, 7);
            if (userText.Length == 0) uid = 0;
            else if (named is not null) uid = Number(named[2], "user", userText);
            else if (!IsNumber(userText)) throw Refuse($"unable to find user {userText}: no matching entries in passwd file");
            else uid = Number(userText, "user", userText);
            gidFromPasswd = true;
        }
        string[]? entry = Find(passwd, 2, uid.ToString(CultureInfo.InvariantCulture), 7);
        if (!string.IsNullOrEmpty(user) && Find(passwd, 0, user.Split(':')[0], 7) is { } byName) entry = byName;
        if (entry is not null)
        {
            userName = entry[0];
            if (gidFromPasswd) gid = Number(entry[3], "group", entry[3]);
        }
        if (!string.IsNullOrEmpty(groupText)) gid = Group(group, groupText);
        // Memberships in /etc/group count unless a group is named (as with docker).
        if (userName is not null && gidFromPasswd && string.IsNullOrEmpty(groupText))
        {
            foreach (string line in group)
            {
                string[] fields = line.Split(':');
                if (fields.Length >= 4 && fields[3].Split(',').Contains(userName) && TryNumber(fields[2], out uint member)) groups.Add(member);
            }
        }
        foreach (string wanted in groupAdd) groups.Add(Group(group, wanted));
        string? home = entry is null || entry[5].Length == 0 ? null : entry[5];
        // The primary group is listed as well, or a setgid program could shed it (CVE-2022-36109).
        if (user is not null) groups.Insert(0, gid);
        return new Identity(uid, gid, [.. groups.Distinct()], home);
    }

    private static uint Group(string[] group, string text)
    {
        if (Find(group, 0, text, 3) is { } entry) return Number(entry[2], "group", text);
        return IsNumber(text) ? Number(text, "group", text) : throw Refuse($"unable to find group {text}: no matching entries in group file");
    }

    private static string[]? Find(string[] lines, int field, string value, int fields)
    {
        foreach (string line in lines)
        {
            if (line.Length == 0 || line[0] is '#' or '+' or '-') continue;
            string[] parts = line.Split(':');
            if (parts.Length >= fields && parts[field] == value && TryNumber(parts[2], out _)) return parts;
        }
        return null;
    }

    private static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    // Ids above 2^31 - 1 are refused, as docker does: somewhere a signed number would take them for another user.
    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= int.MaxValue;

    private static uint Number(string text, string kind, string subject) =>
        TryNumber(text, out uint number) ? number : throw Refuse($"{kind} {subject} is out of range: ids must lie between 0 and {int.MaxValue}");

    private static ContainerStartException Refuse(string message) => ContainerStartException.Because(message, "user lookup");

    private static string[] ReadLines(FileDescriptor root, string path)
    {
        using FileDescriptor? file = PathWalker.TryOpenInRoot(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, out _);
        if (file is null) return [];
        statx attributes = Stat(file);
        if (!attributes.IsRegularFile) return [];
        if (attributes.stx_size > MaxFileBytes) throw Refuse($"{path} in the image is larger than {MaxFileBytes} bytes");
        byte[] buffer = new byte[(int)attributes.stx_size];
        int length = 0, count;
        while (length < buffer.Length && (count = Read(file, buffer.AsSpan(length))) > 0) length += count;
        return Encoding.UTF8.GetString(buffer, 0, length).Split('\n');
    }
}
