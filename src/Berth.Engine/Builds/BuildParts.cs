using Berth.Engine.Images;

namespace Berth.Engine.Builds;

/// <summary>What builds need of the engine.</summary>
internal sealed record BuildParts(ImageService Images, RegistryService Registries, StepProcesses Processes, CacheMounts Caches, EngineContext Context);
