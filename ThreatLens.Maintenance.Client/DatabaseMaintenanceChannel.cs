using System.ComponentModel.DataAnnotations;
using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client;

/// <summary>
/// A connection to the maintenance service for programs without a host, such as a command line. Make one, use it for all calls, dispose
/// of it. Thread-safe.
/// </summary>
public sealed class DatabaseMaintenanceChannel : IDisposable
{
    private readonly GrpcChannel _channel;

    private DatabaseMaintenanceChannel(GrpcChannel channel, string callerName)
    {
        _channel = channel;
        Client = new DatabaseMaintenance.DatabaseMaintenanceClient(channel.CreateCallInvoker().Identify(callerName));
    }

    /// <summary>The client. Calls fail with <see cref="RpcException"/>, which <see cref="MaintenanceFailure"/> reads.</summary>
    public DatabaseMaintenance.DatabaseMaintenanceClient Client { get; }

    /// <summary>Makes the channel; nothing is connected before the first call.</summary>
    /// <param name="address">Absolute http or https address of the gRPC endpoint, such as <c>http://localhost:5301</c>.</param>
    /// <param name="callerName">As <see cref="DatabaseMaintenanceClientSettings.CallerName"/>; null: USER@MACHINE.</param>
    /// <param name="configure">Changes the other settings; null: their defaults.</param>
    /// <exception cref="ArgumentException">The address is not an absolute http or https one.</exception>
    /// <exception cref="ValidationException">Another setting is out of range.</exception>
    public static DatabaseMaintenanceChannel Create(
        Uri address, string? callerName = null, Action<DatabaseMaintenanceClientSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        var settings = new DatabaseMaintenanceClientSettings { Address = address, CallerName = callerName };
        configure?.Invoke(settings);
        Validator.ValidateObject(settings, new ValidationContext(settings), validateAllProperties: true);
        if (settings.Address is null || !DatabaseMaintenanceClientExtensions.IsHttp(settings.Address))
            throw new ArgumentException($"'{settings.Address}' is not an absolute http or https address.", nameof(address));

        var handler = GrpcChannelDefaults.CreateHandler();
        settings.ApplyTo(handler);
        var options = new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            ServiceConfig = ReadRetries.Policy(settings.Retries),
        };
        GrpcChannelDefaults.Configure(options);
        return new DatabaseMaintenanceChannel(GrpcChannel.ForAddress(settings.Address, options), settings.CallerName ?? UserAtMachine());
    }

    /// <summary>Closes the connection; calls still running end with <see cref="RpcException"/>.</summary>
    public void Dispose() => _channel.Dispose();

    private static string UserAtMachine()
    {
        var name = $"{Environment.UserName}@{Environment.MachineName}";
        return new string([.. name.Select(character => character is >= ' ' and <= '~' ? character : '?').Take(255)]);
    }
}
