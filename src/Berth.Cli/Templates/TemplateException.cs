namespace Berth.Cli.Templates;

/// <summary>A <c>--format</c> template cannot be read, or not be applied to the data.</summary>
internal sealed class TemplateException(string message) : Exception(message);
