using System.Globalization;

namespace Berth.Compose.Planning;

/// <summary>What containers of a project are called.</summary>
public static class ContainerNames
{
    /// <summary><c>project-service-number</c>.</summary>
    public static string Of(string project, string service, int number) => string.Create(CultureInfo.InvariantCulture, $"{project}-{service}-{number}");

    /// <summary>The name of a replacement until what it replaces is gone.</summary>
    public static string Temporary(string oldId, string name) => $"{oldId[..Math.Min(12, oldId.Length)]}_{name}";
}
