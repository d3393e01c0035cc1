using Berth.Images.Registry;
using Berth.Networks.Addresses;

namespace Berth.Engine;

/// <summary>Where an engine keeps its things.</summary>
public sealed record EngineOptions
{
    /// <summary>Durable data: state, images, instances, volumes.</summary>
    public required string DataRoot { get; init; }

    /// <summary>Sockets and everything that a reboot may clear.</summary>
    public required string RunRoot { get; init; }

    /// <summary>What may not reach the disk of the commands of builds.</summary>
    internal string StepsDirectory => Path.Combine(RunRoot, "builds");

    internal string StepDirectory(string id) => Path.Combine(StepsDirectory, id);

    /// <summary>Control group below which every instance gets its own.</summary>
    public string CgroupParent { get; init; } = "/berth";

    /// <summary>Where the subnets of networks come from that are made without one.</summary>
    public IReadOnlyList<SubnetPool> AddressPools { get; init; } = SubnetPool.Default;

    /// <summary>Whether instances get a user namespace of their own unless they ask for the host's.</summary>
    public bool PrivateUserNamespaces { get; init; }

    /// <summary>Program to start when no supervisor answers; unset = <c>berth-supervisor</c> beside this program.</summary>
    public string? SupervisorPath { get; init; }

    /// <summary>Directory of <c>berth-vmm</c> and <c>berth-agent</c>; unset = this program's.</summary>
    public string? InstallDirectory { get; init; }

    /// <summary>Mirrors, insecure registries, certificates.</summary>
    public RegistryConfig Registries { get; init; } = new();

    /// <summary>Version shown to clients.</summary>
    public string Version { get; init; } = "0.1.0";
}
