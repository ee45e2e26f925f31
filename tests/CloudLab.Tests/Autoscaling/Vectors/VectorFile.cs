using System.Text.Json;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Vectors;

/// <summary>Answers of the real Kubernetes 1.36 code, one file for each part; <c>meta</c> in each says how they were made.</summary>
internal sealed class VectorFile : IDisposable
{
    private readonly JsonDocument document;
    private readonly List<string> differing = [];
    private int compared;

    /// <summary>Reads a file.</summary>
    /// <param name="name">Name without extension.</param>
    public VectorFile(string name)
    {
        Name = name;
        using FileStream file = File.OpenRead(Path.Combine(Repository.Folder, "tests/CloudLab.Tests/Autoscaling/Vectors", name + ".json"));
        document = JsonDocument.Parse(file);
    }

    public string Name { get; }

    public JsonElement Root => document.RootElement;

    /// <summary>The list of cases.</summary>
    public JsonElement.ArrayEnumerator Cases => Root.GetProperty("cases").EnumerateArray();

    public void Dispose() => document.Dispose();

    /// <summary>Compares one case.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="expected">The real answer.</param>
    /// <param name="found">Ours.</param>
    public void Compare(string id, string? expected, string? found)
    {
        compared++;
        if (expected != found)
        {
            differing.Add($"{id}: expected {expected}\n{new string(' ', id.Length)}   but got {found}");
        }
    }

    /// <summary>Fails and says which cases differ; says how many are equal otherwise.</summary>
    /// <param name="atLeast">How many cases the file has: none may be left out.</param>
    public void AllEqual(int atLeast)
    {
        string counts = $"{Name}: {compared - differing.Count} of {compared} comparisons equal";
        TestContext.Current.TestOutputHelper?.WriteLine(counts);
        Assert.True(differing.Count == 0, $"{counts}\n{string.Join('\n', differing.Take(20))}");
        Assert.True(compared >= atLeast, $"{counts}, expected {atLeast}");
    }
}
