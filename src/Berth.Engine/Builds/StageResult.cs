using Berth.Images.Building;
using Berth.Images.Spec;

namespace Berth.Engine.Builds;

/// <summary>A built stage.</summary>
/// <param name="Stack">Its file system.</param>
/// <param name="Config">Its configuration with the history.</param>
/// <param name="Created">When its last layer was made.</param>
internal sealed record StageResult(LayerList Stack, ImageConfig Config, DateTimeOffset Created);
