using Berth.Engine.Configuration;
using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>When a policy starts an instance again.</summary>
internal static class RestartRules
{
    /// <summary>After its workload ended with <paramref name="exitCode"/>.</summary>
    public static bool AfterExit(RestartPolicy? policy, InstanceState state, int exitCode) => !state.ManuallyStopped && policy?.Name switch
    {
        "always" or "unless-stopped" => true,
        "on-failure" => exitCode != 0 && (policy.MaximumRetryCount == 0 || state.RestartCount < policy.MaximumRetryCount),
        _ => false,
    };

    /// <summary>When the engine starts and finds it ended; "always" means even then.</summary>
    public static bool AtEngineStart(RestartPolicy? policy, InstanceState state) => state.StartedAt is not null && policy?.Name switch
    {
        "always" => true,
        "unless-stopped" => !state.ManuallyStopped,
        _ => false,
    };
}
