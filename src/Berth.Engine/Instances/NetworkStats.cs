using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>Counters of one interface.</summary>
public sealed record NetworkStats
{
    /// <summary>Received bytes.</summary>
    [JsonPropertyName("rx_bytes")]
    public ulong RxBytes { get; init; }

    /// <summary>Received packets.</summary>
    [JsonPropertyName("rx_packets")]
    public ulong RxPackets { get; init; }

    /// <summary>Receive errors.</summary>
    [JsonPropertyName("rx_errors")]
    public ulong RxErrors { get; init; }

    /// <summary>Dropped on receive.</summary>
    [JsonPropertyName("rx_dropped")]
    public ulong RxDropped { get; init; }

    /// <summary>Sent bytes.</summary>
    [JsonPropertyName("tx_bytes")]
    public ulong TxBytes { get; init; }

    /// <summary>Sent packets.</summary>
    [JsonPropertyName("tx_packets")]
    public ulong TxPackets { get; init; }

    /// <summary>Send errors.</summary>
    [JsonPropertyName("tx_errors")]
    public ulong TxErrors { get; init; }

    /// <summary>Dropped on send.</summary>
    [JsonPropertyName("tx_dropped")]
    public ulong TxDropped { get; init; }
}
