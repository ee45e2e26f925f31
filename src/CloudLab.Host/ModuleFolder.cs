using System.Reflection;
using System.Runtime.Loader;
using CloudLab.Loader;

namespace CloudLab.Host;

/// <summary>The module whose cmdlets run here: <c>../CloudLab</c> beside the command, or what CLOUDLAB_MODULE names.</summary>
internal sealed class ModuleFolder
{
    private const string CmdletsName = "CloudLab.Cmdlets";
    private const string CmdletsFile = CmdletsName + ".dll";
    private static ModuleFolder? found;

    private readonly ModuleLibraries libraries;

    private ModuleFolder(string path)
    {
        Path = path;
        libraries = new ModuleLibraries(path);
        AssemblyLoadContext.Default.Resolving += Resolve;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The help file that the build wrote.</summary>
    public string HelpFile => System.IO.Path.Combine(Path, "en-US", CmdletsFile + "-Help.xml");

    /// <summary>The tables.</summary>
    public string FormatFile => System.IO.Path.Combine(Path, "CloudLab.format.ps1xml");

    /// <summary>Finds the module.</summary>
    /// <returns>The module.</returns>
    /// <exception cref="UsageException">It is not there.</exception>
    public static ModuleFolder Find() => found ??= new ModuleFolder(Locate());

    /// <summary>Loads the cmdlets' assembly; what it needs is loaded when it is needed.</summary>
    /// <returns>The assembly.</returns>
    public Assembly LoadCmdlets() => Resolve(AssemblyLoadContext.Default, new AssemblyName(CmdletsName))!;

    private static string Locate()
    {
        string[] places = Environment.GetEnvironmentVariable("CLOUDLAB_MODULE") is { Length: > 0 } given
            ? [System.IO.Path.GetFullPath(given)]
            : [Own, AppContext.BaseDirectory];
        return Array.Find(places, place => File.Exists(System.IO.Path.Combine(place, CmdletsFile)))
            ?? throw new UsageException($"The CloudLab module is not in {places[0]}: set CLOUDLAB_MODULE to its folder.");
    }

    private static string Own => System.IO.Path.GetFullPath(System.IO.Path.Combine(AppContext.BaseDirectory, "..", "CloudLab"));

    private Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        // The cmdlets' own assembly is at the root of the module where it is not compiled ahead.
        string? file = libraries.Find(name.Name) ?? (name.Name == CmdletsName ? System.IO.Path.Combine(Path, CmdletsFile) : null);
        return file is null ? null : context.LoadFromAssemblyPath(file);
    }
}
