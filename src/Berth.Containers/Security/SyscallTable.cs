using System.Collections.Frozen;
using System.Globalization;
using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>System call names and numbers of the x86 family, from an embedded table.</summary>
public static class SyscallTable
{
    private static readonly Lazy<FrozenDictionary<string, int>[]> s_tables = new(Load);

    /// <summary>Names to numbers of one architecture; x32's numbers come without their marker bit.</summary>
    /// <exception cref="SeccompException">There is no table for it.</exception>
    public static IReadOnlyDictionary<string, int> Of(SeccompArchitecture architecture) => architecture switch
    {
        SeccompArchitecture.X64 => s_tables.Value[0],
        SeccompArchitecture.X86 => s_tables.Value[1],
        SeccompArchitecture.X32 => s_tables.Value[2],
        _ => throw new SeccompException($"seccomp: filters for {architecture} are not supported yet"),
    };

    private static FrozenDictionary<string, int>[] Load()
    {
        Dictionary<string, int>[] tables = [[], [], []];
        using Stream stream = typeof(SyscallTable).Assembly.GetManifestResourceStream("syscalls-x86.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            string[] words = line.Split(' ');
            for (int i = 0; i < 3; i++)
            {
                if (words[i + 1] != "-")
                    tables[i].Add(words[0], int.Parse(words[i + 1], CultureInfo.InvariantCulture));
            }
        }
        return [.. tables.Select(static t => t.ToFrozenDictionary())];
    }
}
