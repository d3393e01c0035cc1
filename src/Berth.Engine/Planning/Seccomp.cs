using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Engine.Planning;

/// <summary>System call filters by profile and capabilities.</summary>
internal static class Seccomp
{
    public static SeccompSpec? Resolve(string? profile, CapabilitySet capabilities) => null;
}
