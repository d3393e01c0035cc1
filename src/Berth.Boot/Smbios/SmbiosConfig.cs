namespace Berth.Boot.Smbios;

/// <summary>The machine's identity as the guest reads it from DMI.</summary>
public sealed record SmbiosConfig
{
    /// <summary>System UUID.</summary>
    public Guid Uuid { get; init; }

    /// <summary>System serial number, the instance's id for example.</summary>
    public string SerialNumber { get; init; } = "";

    /// <summary>Product name.</summary>
    public string Product { get; init; } = "Berth Virtual Machine";

    /// <summary>Processors.</summary>
    public int CpuCount { get; init; } = 1;
}
