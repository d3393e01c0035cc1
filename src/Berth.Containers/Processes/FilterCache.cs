using Berth.Containers.Lifecycle;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux.Launch;

namespace Berth.Containers.Processes;

/// <summary>Compiled filters of the last specifications: execs and health checks come with the same one again and again.</summary>
internal static class FilterCache
{
    private const int Capacity = 16;
    private static readonly Lock s_lock = new();
    private static readonly List<(SeccompSpec Spec, FilterProgram Program, uint Flags)> s_recent = [];

    public static FilterProgram? Get(SeccompSpec? spec, out uint flags)
    {
        flags = 0;
        if (spec is null) return null;
        lock (s_lock)
        {
            foreach ((SeccompSpec known, FilterProgram compiled, uint knownFlags) in s_recent)
            {
                if (!ReferenceEquals(known, spec)) continue;
                flags = knownFlags;
                return compiled;
            }
        }
        SeccompProgram program;
        try
        {
            program = SeccompCompiler.Compile(spec);
        }
        catch (SeccompException e)
        {
            throw ContainerStartException.Because(e.Message, "seccomp", inner: e);
        }
        FilterProgram result = new(program.ToBytes());
        flags = program.Flags;
        lock (s_lock)
        {
            if (s_recent.Count == Capacity) s_recent.RemoveAt(0);
            s_recent.Add((spec, result, flags));
        }
        return result;
    }
}
