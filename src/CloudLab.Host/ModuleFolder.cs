using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace CloudLab.Host;

/// <summary>The module whose cmdlets run here: <c>../CloudLab</c> beside the command, or what CLOUDLAB_MODULE names.</summary>
internal sealed class ModuleFolder
{
    private const string CmdletsFile = "CloudLab.Cmdlets.dll";
    private static ModuleFolder? found;

    private readonly string[] folders;

    private ModuleFolder(string path)
    {
        Path = path;

        folders = Folders(path);
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
    public Assembly LoadCmdlets() => Resolve(AssemblyLoadContext.Default, new AssemblyName("CloudLab.Cmdlets"))!;

    private static string Locate()
    {
        string[] places = Environment.GetEnvironmentVariable("CLOUDLAB_MODULE") is { Length: > 0 } given
            ? [System.IO.Path.GetFullPath(given)]
            : [Own, AppContext.BaseDirectory];
        return Array.Find(places, place => File.Exists(System.IO.Path.Combine(place, CmdletsFile)))
            ?? throw new UsageException($"The CloudLab module is not in {places[0]}: set CLOUDLAB_MODULE to its folder.");
    }

    // Where assemblies are looked for. The build leaves a copy of the module's compiled for this system beside the command.
    private static string[] Folders(string module)
    {
        string ahead = System.IO.Path.Combine(AppContext.BaseDirectory, "ahead"), lib = System.IO.Path.Combine(module, "lib");
        return [.. IsOwn(module) && Directory.Exists(ahead) ? [ahead] : Array.Empty<string>(), System.IO.Path.Combine(lib, Platform), module, lib];
    }

    // As CloudLab.Loader names them.
    private static string Platform =>
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.ProcessArchitecture}".ToLowerInvariant();

    private static string Own => System.IO.Path.GetFullPath(System.IO.Path.Combine(AppContext.BaseDirectory, "..", "CloudLab"));

    private static bool IsOwn(string path) =>
        System.IO.Path.TrimEndingDirectorySeparator(path).Equals(Own, StringComparison.Ordinal);

    private Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        foreach (string folder in folders)
        {
            string file = System.IO.Path.Combine(folder, name.Name + ".dll");
            if (File.Exists(file))
            {
                return context.LoadFromAssemblyPath(file);
            }
        }

        return null;
    }
}
