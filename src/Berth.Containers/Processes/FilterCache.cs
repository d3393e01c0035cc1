using System.Runtime.CompilerServices;
using Berth.Containers.Lifecycle;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux.Launch;

namespace Berth.Containers.Processes;

/// <summary>Filters in the form the launcher takes, kept as long as the compiler keeps its own (by the specification's content).</summary>
internal static class FilterCache
{
    private static readonly ConditionalWeakTable<SeccompProgram, FilterProgram> s_filters = [];

    public static FilterProgram? Get(SeccompSpec? spec, out uint flags)
    {
        flags = 0;
        if (spec is null) return null;
        try
        {
            SeccompProgram program = SeccompCompiler.Compile(spec);
            flags = program.Flags;
            return s_filters.GetValue(program, static p => new FilterProgram(p.ToBytes()));
        }
        catch (SeccompException e)
        {
            throw ContainerStartException.Because(e.Message, "seccomp", inner: e);
        }
    }
}
