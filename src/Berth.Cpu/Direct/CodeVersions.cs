namespace Berth.Cpu.Direct;

/// <summary>A page of RAM and the version of its contents; nothing where there is none.</summary>
internal readonly record struct PageVersion(nint Host, uint Version);

/// <summary>A page of code, and those before and behind it.</summary>
internal readonly record struct CodeVersions(PageVersion Previous, PageVersion Page, PageVersion Next);
