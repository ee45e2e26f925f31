using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>Makes containers and starts them.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Sees progress.</param>
public sealed class ContainerRunner(LabSession session, IReporter reporter)
{
    private readonly ContainerStore store = new(session);

    /// <summary>Checks what can be checked before anything is sent.</summary>
    /// <param name="options">What is asked for.</param>
    /// <returns>The same, with names in their usual form. Throws <see cref="LabException"/>.</returns>
    public static ContainerOptions Check(ContainerOptions options)
    {
        _ = Parameters(options);
        return options with { Platform = options.Platform is { } platform ? PlatformName.Parse(platform) : null };
    }

    /// <summary>Makes a container and starts it. It does not stay where it cannot be started.</summary>
    /// <param name="options">What it shall be.</param>
    /// <param name="cancellation">Gives it up; nothing is left behind.</param>
    /// <returns>The container.</returns>
    public async Task<LabContainer> StartAsync(ContainerOptions options, CancellationToken cancellation)
    {
        string id = await CreateAsync(options, cancellation);
        await StartCreatedAsync(id, options, cancellation);
        try
        {
            return await store.FindAsync(id, cancellation);
        }
        catch (LabException e) when (e.Code == "ContainerNotFound" && options.Remove)
        {
            throw new LabException(
                LabErrorKind.NotFound, "ContainerEnded", $"The container of '{options.Image}' ended at once and was removed, as -Remove asks: use -Wait to see its output.", e)
            {
                Target = options.Name ?? options.Image,
            };
        }
    }

    /// <summary>Starts a container that exists.</summary>
    /// <param name="container">The container.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it runs. Throws <see cref="LabException"/> that says what is in the way.</returns>
    public async Task StartAgainAsync(LabContainer container, CancellationToken cancellation)
    {
        try
        {
            await store.StartAsync(container.Id, cancellation);
        }
        catch (LabException e)
        {
            throw await ContainerFaults.ExplainAsync(e, new ContainerOptions { Image = container.Image, Name = container.Name }, store, cancellation);
        }
    }

    /// <summary>Runs a container to its end.</summary>
    /// <param name="options">What it shall be.</param>
    /// <param name="onOutput">Takes the lines that came together, and whether they are from standard error.</param>
    /// <param name="cancellation">Gives it up; it is removed where it shall not stay, else it runs on.</param>
    /// <returns>Exit code. Throws <see cref="LabException"/> where it cannot be started.</returns>
    public async Task<int> RunAsync(ContainerOptions options, Func<IReadOnlyList<string>, bool, ValueTask> onOutput, CancellationToken cancellation)
    {
        string id = await CreateAsync(options with { Remove = false }, cancellation);
        bool ended = false, started = false;
        try
        {
            using HijackedStream attached = await store.Engine.HijackAsync($"containers/{id}/attach?stream=1&stdout=1&stderr=1", null, cancellation);
            await StartCreatedAsync(id, options, cancellation);
            started = true;
            await LineSplitter.ReadAsync(store.Engine.Frames(attached.Output, $"the output of '{options.Name ?? id[..12]}'", options.Terminal).PieceAsync, onOutput);

            // The output of a container ends a moment before the engine knows its exit code.
            await store.WaitForEndAsync(id, cancellation);
            ContainerInspectResponse state = await store.InspectAsync(id, cancellation);
            ended = true;
            return (int)state.State!.ExitCode;
        }
        finally
        {
            if (options.Remove || !started)
            {
                await store.TakeBackAsync(id, options.Name, reporter);
            }
            else if (!ended)
            {
                reporter.Warning($"The container '{options.Name ?? id[..12]}' may still be running: Remove-LabContainer {options.Name ?? id[..12]} -Force removes it.");
            }
        }
    }

    /// <summary>Starts a container that was just made; removes it where that fails.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="options">What it shall be.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <returns>Done when it runs.</returns>
    internal async Task StartCreatedAsync(string id, ContainerOptions options, CancellationToken cancellation)
    {
        bool started = false;
        try
        {
            foreach (string network in options.Networks.Skip(1))
            {
                await ConnectAsync(id, network, options.NetworkAliases, cancellation);
            }

            await store.StartAsync(id, cancellation);
            started = true;
        }
        catch (LabException e)
        {
            throw await ContainerFaults.ExplainAsync(e, options, store, cancellation);
        }
        finally
        {
            if (!started)
            {
                await store.TakeBackAsync(id, options.Name, reporter);
            }
        }
    }

    private static CreateContainerParameters Parameters(ContainerOptions options)
    {
        Dictionary<string, IList<PortBinding>> ports = ContainerText.Ports(options.Publish);
        Dictionary<string, string?> variables = [];
        foreach (KeyValuePair<string, string?> variable in options.EnvironmentFiles.SelectMany(ContainerText.EnvironmentFile).Concat(options.Environment))
        {
            variables[variable.Key] = variable.Value ?? System.Environment.GetEnvironmentVariable(variable.Key);
        }

        CreateContainerParameters parameters = new()
        {
            Name = options.Name,
            Image = options.Image,
            Platform = options.Platform,
            Cmd = options.Command.Count > 0 ? [.. options.Command] : null!,
            Entrypoint = options.EntryPoint is { } entry ? entry is [""] ? [""] : [.. entry] : null!,
            Env = [.. variables.Where(v => v.Value is not null).Select(v => $"{v.Key}={v.Value}")],
            ExposedPorts = ports.Keys.ToDictionary(port => port, _ => default(EmptyStruct)),
            Hostname = options.Hostname ?? "",
            User = options.User ?? "",
            WorkingDir = options.WorkingDirectory ?? "",
            Labels = new Dictionary<string, string>(options.Labels),
            StopSignal = options.StopSignal,
            Tty = options.Terminal,
            OpenStdin = options.Interactive,

            // Or the end of what is sent would never reach the program.
            StdinOnce = options.Interactive && !options.Terminal,
            HostConfig = new HostConfig
            {
                PortBindings = ports,
                Binds = [.. options.Volumes.Where(v => v.Contains(':', StringComparison.Ordinal)).Select(v => ContainerText.Volume(v, options.WorkingFolder))],
                NetworkMode = options.Networks.Count > 0 ? options.Networks[0] : "",
                Memory = options.Memory is { } memory ? ContainerText.Bytes(memory) : 0,
                NanoCPUs = (long)((options.Cpu ?? 0) * 1e9),
                AutoRemove = options.Remove,
                Init = options.Init ? true : null,
                ReadonlyRootfs = options.ReadOnly,
                ExtraHosts = [.. options.AddHosts],
                CapAdd = [.. options.CapAdd],
                CapDrop = [.. options.CapDrop],
                Privileged = options.Privileged,
            },
        };
        string[] nameless = [.. options.Volumes.Where(v => !v.Contains(':', StringComparison.Ordinal)).Select(v => ContainerText.Volume(v, options.WorkingFolder))];
        if (nameless.Length > 0)
        {
            parameters.Volumes = nameless.ToDictionary(path => path, _ => default(EmptyStruct));
        }

        if (options.RestartPolicy is { } policy)
        {
            parameters.HostConfig.RestartPolicy = ContainerText.Restart(policy);
        }

        if (options.Networks.Count > 0 && options.NetworkAliases.Count > 0)
        {
            parameters.NetworkingConfig = new NetworkingConfig
            {
                EndpointsConfig = new Dictionary<string, EndpointSettings> { [options.Networks[0]] = new() { Aliases = [.. options.NetworkAliases] } },
            };
        }

        if (options.HealthCommand is not null || options.HealthInterval is not null || options.HealthTimeout is not null || options.HealthStartPeriod is not null || options.HealthRetries is not null)
        {
            parameters.Healthcheck = new HealthcheckConfig
            {
                Test = options.HealthCommand switch
                {
                    null => null,
                    "none" => ["NONE"],
                    { } command => ["CMD-SHELL", command],
                },
                Interval = options.HealthInterval,
                Timeout = options.HealthTimeout,
                StartPeriod = options.HealthStartPeriod,
                Retries = options.HealthRetries,
            };
        }

        return parameters;
    }

    private async Task<string> CreateAsync(ContainerOptions options, CancellationToken cancellation)
    {
        CreateContainerParameters parameters = Parameters(options);
        if (options.Pull == ContainerPull.Always)
        {
            await PullAsync(options, null, cancellation);
        }

        for (bool pulled = options.Pull != ContainerPull.Missing; ; pulled = true)
        {
            try
            {
                // What the engine makes although nobody waits for it any more would be left behind, so this is not given up half-way.
                CreateContainerResponse made = await store.Engine.AskAsync(
                    "containers/create", (client, limited) => client.Containers.CreateContainerAsync(parameters, limited), CancellationToken.None);
                foreach (string warning in made.Warnings ?? [])
                {
                    reporter.Warning(warning);
                }

                if (cancellation.IsCancellationRequested)
                {
                    await store.TakeBackAsync(made.ID, options.Name, reporter);
                    cancellation.ThrowIfCancellationRequested();
                }

                return made.ID;
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound && !pulled && ContainerFaults.IsAboutImage(e))
            {
                await PullAsync(options, e, cancellation);
            }
            catch (LabException e)
            {
                throw await ContainerFaults.ExplainAsync(e, options, store, cancellation);
            }
        }
    }

    private async Task PullAsync(ContainerOptions options, LabException? missing, CancellationToken cancellation)
    {
        try
        {
            await new ImageTransfers(session, reporter).PullAsync(options.Image, options.Platform, cancellation);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            throw await ContainerFaults.NoImageAsync(e, missing, options, store, cancellation);
        }
    }

    private async Task ConnectAsync(string id, string network, IReadOnlyList<string> aliases, CancellationToken cancellation) =>
        await store.Engine.AskAsync<object>($"networks/{network}/connect", async (client, limited) =>
        {
            await client.Networks.ConnectNetworkAsync(
                Uri.EscapeDataString(network),
                new NetworkConnectParameters { Container = id, EndpointConfig = new EndpointSettings { Aliases = [.. aliases] } },
                limited);
            return client;
        }, cancellation);
}
