using System.Reflection;
using System.Runtime.Loader;

namespace CloudLab.Loader;

/// <summary>
/// Holds CloudLab.Core and every package under it, apart from whatever other modules have loaded. What is not in
/// the module's lib folder comes from PowerShell itself.
/// </summary>
internal sealed class LabLoadContext(string folder) : AssemblyLoadContext("CloudLab")
{
    /// <summary>Finds one of the module's own assemblies.</summary>
    /// <param name="name">The assembly asked for.</param>
    /// <returns>The assembly, or null where the module has none of that name.</returns>
    protected override Assembly? Load(AssemblyName name)
    {
        string path = Path.Combine(folder, name.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
