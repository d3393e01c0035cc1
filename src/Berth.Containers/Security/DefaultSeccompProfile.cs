using System.Collections.Concurrent;
using Berth.Containers.Host;
using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>The profile of containers that name none: the embedded <c>seccomp-default.json</c>.</summary>
public static class DefaultSeccompProfile
{
    private static readonly Lazy<SeccompProfile> s_profile = new(static () => SeccompProfile.Parse(Json()));
    private static readonly ConcurrentDictionary<CapabilitySet, SeccompSpec> s_resolved = new();

    /// <summary>The profile as a document, for those who want to start their own from it.</summary>
    public static byte[] Json()
    {
        using Stream stream = typeof(DefaultSeccompProfile).Assembly.GetManifestResourceStream("seccomp-default.json")!;
        byte[] json = new byte[stream.Length];
        stream.ReadExactly(json);
        return json;
    }

    /// <summary>The filter of a container with these capabilities on this host; the same object for the same question.</summary>
    public static SeccompSpec For(CapabilitySet capabilities) =>
        s_resolved.GetOrAdd(capabilities, static set => s_profile.Value.Resolve(set, KernelVersion.Current));
}
