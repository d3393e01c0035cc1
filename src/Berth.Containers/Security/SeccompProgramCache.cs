using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>Keeps compiled filters by content: nearly all containers of a host share two or three, and compiling takes longer than all their other preparation.</summary>
internal static class SeccompProgramCache
{
    private const int MaxEntries = 64;

    private static readonly ConcurrentDictionary<string, SeccompProgram> s_programs = new();

    public static SeccompProgram GetOrAdd(SeccompSpec spec, Func<SeccompSpec, SeccompProgram> compile)
    {
        string key = Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(spec, SpecJsonContext.Default.SeccompSpec)));
        if (s_programs.TryGetValue(key, out SeccompProgram? known))
            return known;
        SeccompProgram program = compile(spec);
        if (s_programs.Count >= MaxEntries)
            s_programs.Clear(); // somebody tries many profiles; the usual ones come back at once
        s_programs[key] = program;
        return program;
    }
}
