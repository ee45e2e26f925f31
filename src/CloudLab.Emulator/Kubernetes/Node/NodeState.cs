using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Node;

/// <summary>What a node would know of its containers: their files, and the input that the main process got.</summary>
internal sealed class NodeState
{
    private readonly ConcurrentDictionary<(string Uid, string Container), ContainerState> containers = [];

    /// <summary>What is known of a container.</summary>
    public ContainerState Of(JsonObject pod, string container) => containers.GetOrAdd((pod.Text("metadata", "uid") ?? "", container), _ => new ContainerState());

    /// <summary>Whether a container waits for input that has not come.</summary>
    public bool AwaitsInput(JsonObject pod) => pod.Items("spec", "containers").Any(c => c.Flag("stdin") && Of(pod, c.Text("name")!).Input is null);

    /// <summary>What the main process of a container writes, and how it ends.</summary>
    /// <returns>Null for a program that the emulator does not know.</returns>
    public (string Output, int Code)? Run(JsonObject pod, JsonObject container)
    {
        string[] command = [.. container.Texts("command"), .. container.Texts("args")];
        if (!container.Texts("command").Any())
        {
            return null;
        }

        ContainerState state = Of(pod, container.Text("name")!);
        StringBuilder output = new();
        PodShell shell = new(pod, container, state, state.Input ?? [], (_, bytes) => output.Append(Encoding.UTF8.GetString(bytes)));
        return shell.Run(command) is { } code ? (output.ToString(), code) : null;
    }
}

/// <summary>What is known of one container.</summary>
internal sealed class ContainerState
{
    /// <summary>Files by path, folders with a slash at the end.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new(new Dictionary<string, byte[]> { ["/"] = [], ["/tmp/"] = [], ["/etc/"] = [], ["/etc/hosts"] = "127.0.0.1\tlocalhost\n"u8.ToArray() });

    /// <summary>Input of the main process; null before anybody has attached to it.</summary>
    public byte[]? Input { get; set; }
}
