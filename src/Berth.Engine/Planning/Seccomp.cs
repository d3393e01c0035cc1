using System.Text;
using Berth.Containers.Host;
using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Engine.Planning;

/// <summary>System call filters by profile and capabilities.</summary>
internal static class Seccomp
{
    public static SeccompSpec? Resolve(string? profile, CapabilitySet capabilities)
    {
        if (profile is null)
            return DefaultSeccompProfile.For(capabilities);
        try
        {
            return SeccompProfile.Parse(Encoding.UTF8.GetBytes(profile)).Resolve(capabilities, KernelVersion.Current);
        }
        catch (SeccompException e)
        {
            throw new EngineException(EngineErrorKind.InvalidParameter, $"HostConfig.SecurityOpt: seccomp: {e.Message}", e);
        }
    }
}
