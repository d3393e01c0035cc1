using System.Text.Json;

namespace Berth.Cli.Output;

/// <summary>Published ports as <c>0.0.0.0:8080->80/tcp</c>.</summary>
internal static class PortText
{
    /// <summary>The ports of a list entry.</summary>
    public static string List(IEnumerable<JsonElement> ports) =>
        string.Join(", ", ports.OrderBy(port => port.Number("PrivatePort")).Select(port =>
        {
            var inside = $"{port.Number("PrivatePort")}/{port.Text("Type")}";
            var address = port.Text("IP");
            return port.Number("PublicPort") is > 0 and var published
                ? $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{published}->{inside}"
                : inside;
        }));
}
