using System.Text.Json.Nodes;

namespace Berth.Compose.Running;

/// <summary>The engine's API as composing needs it. Calls may come from several threads at once.</summary>
public interface IEngine
{
    /// <summary>Sends a request and returns the JSON answer, or null when it is empty.</summary>
    /// <exception cref="EngineCallException">The engine refused.</exception>
    JsonNode? Call(string method, string target, JsonNode? body = null);

    /// <summary>Sends an archive and returns the messages of the answer, as they arrive.</summary>
    /// <exception cref="EngineCallException">The engine refused.</exception>
    IEnumerable<JsonNode> Upload(string method, string target, Stream archive);

    /// <summary>Fetches an image from its registry.</summary>
    /// <exception cref="EngineCallException">It cannot be had.</exception>
    void Pull(string image, string? platform);
}
