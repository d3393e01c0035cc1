using System.Buffers;
using System.Globalization;
using System.Text;
using Berth.Linux;

namespace Berth.Containers.Cgroups;

/// <summary>Reads and writes the small files of a cgroup directory.</summary>
internal static class CgroupFile
{
    private const int MaxBytes = 16 << 20;

    public static bool Exists(string directory, string name) => File.Exists(System.IO.Path.Combine(directory, name));

    /// <summary>Writes one value with one write(2), as the kernel wants it.</summary>
    /// <exception cref="CgroupException">The kernel refused it.</exception>
    public static void Write(string directory, string name, string value)
    {
        Errno errno = TryWrite(directory, name, value);
        if (errno != Errno.None)
            throw Refused(directory, name, value, errno);
    }

    public static void Write(string directory, string name, long value) => Write(directory, name, value.ToString(CultureInfo.InvariantCulture));

    public static void Write(string directory, string name, ulong value) => Write(directory, name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>As <see cref="Write(string, string, string)"/>, but answers with the error.</summary>
    public static Errno TryWrite(string directory, string name, string value)
    {
        // O_TRUNC is nothing to the kernel's files; an imitated hierarchy needs it. No O_CREAT: a missing file means a missing feature.
        using FileDescriptor? file = Libc.TryOpenAt(null, $"{directory}/{name}", Libc.O_WRONLY | Libc.O_TRUNC, 0, out Errno errno);
        if (file is null)
            return errno;
        int written = Libc.TryWrite(file, Encoding.UTF8.GetBytes(value));
        return written < 0 ? (Errno)(-written) : Errno.None;
    }

    public static CgroupException Refused(string directory, string name, string value, Errno errno) => errno switch
    {
        Errno.ENOENT => new CgroupException($"{directory}/{name} does not exist: this kernel does not offer that limit", errno),
        Errno.EROFS or Errno.EACCES or Errno.EPERM =>
            new CgroupException($"write \"{value}\" to {directory}/{name}: {errno.Describe()}; the cgroup file system must be writable", errno),
        Errno.EINVAL or Errno.ERANGE => new CgroupException($"write \"{value}\" to {directory}/{name}: the kernel does not accept this value ({errno})", errno),
        _ => new CgroupException($"write \"{value}\" to {directory}/{name}: {errno.Describe()}", errno),
    };

    /// <exception cref="CgroupException">It cannot be read.</exception>
    public static string Read(string directory, string name) =>
        TryRead(directory, name) ?? throw new CgroupException($"{directory}/{name} cannot be read: the cgroup is gone or the controller is off", Errno.ENOENT);

    /// <summary>The whole text, or null when the file or the cgroup is gone.</summary>
    public static string? TryRead(string directory, string name)
    {
        using FileDescriptor? file = Libc.TryOpenAt(null, $"{directory}/{name}", Libc.O_RDONLY, 0, out _);
        if (file is null)
            return null;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            int length = 0;
            for (int count; ; length += count)
            {
                if (length == buffer.Length)
                {
                    if (length >= MaxBytes)
                        return null;
                    byte[] larger = ArrayPool<byte>.Shared.Rent(length * 2);
                    buffer.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
                count = Libc.TryRead(file, buffer.AsSpan(length));
                if (count < 0)
                    return null;
                if (count == 0)
                    return Encoding.UTF8.GetString(buffer, 0, length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A single number; null when absent or <c>max</c>.</summary>
    public static ulong? ReadNumber(string directory, string name) =>
        ulong.TryParse(TryRead(directory, name)?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;

    /// <summary>Lines of <c>name value</c>; malformed ones are skipped.</summary>
    public static Dictionary<string, ulong> ReadTable(string directory, string name)
    {
        var table = new Dictionary<string, ulong>();
        foreach (ReadOnlySpan<char> line in (TryRead(directory, name) ?? "").AsSpan().EnumerateLines())
        {
            int space = line.IndexOf(' ');
            if (space > 0 && ulong.TryParse(line[(space + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
                table[line[..space].ToString()] = value;
        }
        return table;
    }

    public static ulong Get(this Dictionary<string, ulong> table, string key) => table.GetValueOrDefault(key);
}
