using System.Reflection;

namespace Berth.Daemon;

/// <summary>What this build calls itself.</summary>
internal static class BuildInfo
{
    /// <summary>The product's version, such as 0.1.0.</summary>
    public static string Version { get; } = typeof(BuildInfo).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>The commit it was built from, as far as the build knew it.</summary>
    public static string Commit { get; } = typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        ?.InformationalVersion.Split('+') is [_, { Length: >= 7 } commit] ? commit[..7] : "unknown";
}
