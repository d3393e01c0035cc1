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

    /// <summary>Sends a build context without what its ignore file leaves out, and returns the builder's messages as they arrive.</summary>
    /// <param name="target">Path and query of the call, but for the Dockerfile's name.</param>
    /// <param name="source">What is packed.</param>
    /// <exception cref="EngineCallException">The engine refused, or the context cannot be read.</exception>
    IEnumerable<JsonNode> Build(string target, BuildSource source);

    /// <summary>Fetches an image from its registry.</summary>
    /// <exception cref="EngineCallException">It cannot be had.</exception>
    void Pull(string image, string? platform);
}
